/** Runs our policy over a course: decide, reserve, settle, reward, one call after the other. */

import { type BanditState, bandit, NO_ARMS } from '../../appliance/router/policy/bandit.ts';
import { type Choice, decide, type Option, type PolicySettings } from '../../appliance/router/policy/decide.ts';
import { pacedTarget, type Slack, wantedRoomNanoUsd } from '../../appliance/router/policy/paced-target.ts';
import { observeCost, type PacerSettings, type PacerState, RESTED_PACER } from '../../appliance/router/policy/pacer.ts';
import { EMPTY_GUARD, type GuardSettings, type GuardState, guard, headroomNanoUsd } from '../../appliance/router/policy/spend-guard.ts';
import type { Course, Phase } from './courses.ts';
import type { BanditData, Prompt } from './data.ts';

/** Output tokens that an answer of each arm is capped at; with the prompt's bytes they bound what a call can cost. */
const OUTPUT_CAPS = [4_096, 4_096, 16_384];
/** Trials of a model that is added. */
const TRIALS = 20;
const NANO = 1e9;

export interface Policy {
	readonly settings: PolicySettings;
	readonly pacer: PacerSettings;
	/** Undefined: the soft pacer alone, as in the paper. */
	readonly guard: GuardSettings | undefined;
	readonly slack: Slack | undefined;
	readonly budgetUsd: number;
	/** Calls that the priors count for. */
	readonly priorCalls: number;
}

export interface Step {
	readonly phase: string;
	readonly arm: number;
	readonly reward: number;
	readonly costUsd: number;
	/** The hard filter took another arm than the pacer would have taken of those within reach. */
	readonly isMoved: boolean;
	/** The pacer would have taken an arm that this target never saves for. */
	readonly isOutOfReach: boolean;
	readonly isException: boolean;
}

interface State {
	readonly bandit: BanditState;
	readonly pacer: PacerState;
	readonly guard: GuardState;
}

export function simulate(data: BanditData, course: Course, policy: Policy, timings?: number[]): readonly Step[] {
	const prompts = [...data.val, ...data.holdout].map((prompt) => ({
		...prompt,
		x: Float64Array.from(prompt.x),
		bytes: Buffer.byteLength(prompt.prompt),
	}));
	let state: State = { bandit: NO_ARMS, pacer: RESTED_PACER, guard: EMPTY_GUARD };
	const steps: Step[] = [];
	for (const phase of course.phases) {
		state = { ...state, bandit: withArms(state.bandit, data, phase, policy) };
		for (const index of phase.prompts) {
			const prompt = prompts[index];
			if (prompt === undefined) throw new RangeError(`There is no prompt ${index}.`);
			const { next, step } = route(state, data, phase, prompt, policy, `${steps.length}`, timings);
			state = next;
			steps.push(step);
		}
	}
	return steps;
}

function withArms(before: BanditState, { priors }: BanditData, phase: Phase, { settings, priorCalls }: Policy): BanditState {
	let state = before;
	for (const arm of phase.arms) {
		const prior = priors[arm];
		const isNew = before.arms.size > 0;
		const start = isNew || prior === undefined ? ({ from: 'nothing' } as const) : ({ from: 'prior', prior, calls: priorCalls } as const);
		state = bandit(state, { type: 'added', arm: `${arm}`, start, trials: isNew ? TRIALS : 0 }, settings.arms);
	}
	return state;
}

type Sized = Omit<Prompt, 'x'> & { readonly x: Float64Array; readonly bytes: number };

function optionsOf({ arms }: BanditData, phase: Phase, { bytes }: Sized): readonly Option[] {
	return phase.arms.map((arm) => {
		const { inputUsdPerMillion = 0, outputUsdPerMillion = 0 } = arms[arm] ?? {};
		const factor = phase.priceFactors[arm] ?? 1;
		const usd = (factor * (bytes * inputUsdPerMillion + (OUTPUT_CAPS[arm] ?? 0) * outputUsdPerMillion)) / 1e6;
		const rate = (factor * (inputUsdPerMillion + outputUsdPerMillion)) / 2 / 1_000;
		return { arm: `${arm}`, usdPerThousandTokens: rate, listUsdPerThousandTokens: rate, worstNanoUsd: Math.ceil(usd * NANO) };
	});
}

const cheapest = (options: readonly Option[]): Option => options.reduce((best, one) => (one.worstNanoUsd < best.worstNanoUsd ? one : best));

function route(state: State, data: BanditData, phase: Phase, prompt: Sized, policy: Policy, callId: string, timings?: number[]) {
	const options = optionsOf(data, phase, prompt);
	const period = phase.isMeasured ? '2' : '1';
	const began = timings === undefined ? 0 : performance.now();
	const headroom = policy.guard && headroomNanoUsd(state.guard, period, policy.guard);
	const ask = (among: readonly Option[]): Choice =>
		decide(state.bandit, state.pacer, { x: prompt.x, options: among, headroomNanoUsd: headroom, random: 0.5 }, policy.settings);
	const within = withinReach(options, policy, headroom);
	const choice = ask(within);
	timings?.push(performance.now() - began);
	const soft = within.length === options.length ? choice.withoutFilter : ask(options).withoutFilter;
	const taken = choice.ranked[0]?.arm ?? cheapest(options).arm;
	const isException = choice.ranked.length === 0;
	const arm = Number(taken);
	const reward = phase.rewards[arm] ?? prompt.rewards[arm] ?? 0;
	const costUsd = (prompt.costs[arm] ?? 0) * (phase.priceFactors[arm] ?? 1);
	const chosen = bandit(state.bandit, { type: 'chosen', arm: taken }, policy.settings.arms);
	const learned = bandit(chosen, { type: 'rewarded', arm: taken, x: prompt.x, reward, weight: 1 }, policy.settings.arms);
	const pacer = observeCost(state.pacer, costUsd / (policy.budgetUsd * steered(policy, options, headroom)), policy.pacer);
	const spent =
		policy.guard === undefined ? state.guard : spend(state.guard, policy.guard, { callId, period, options, taken, isException, costUsd });
	const step: Step = {
		phase: phase.name,
		arm,
		reward,
		costUsd,
		isMoved: choice.withoutFilter !== taken,
		isOutOfReach: soft !== choice.withoutFilter,
		isException,
	};
	return { next: { bandit: learned, pacer, guard: spent }, step };
}

function withinReach(options: readonly Option[], { guard: settings, slack }: Policy, headroom = 0): readonly Option[] {
	if (settings === undefined || slack === undefined) return options;
	const reach = Math.max(headroom, slack.reachCalls * settings.targetNanoUsd);
	const within = options.filter(({ worstNanoUsd }) => worstNanoUsd <= reach);
	return within.length > 0 ? within : [cheapest(options)];
}

function steered({ slack, guard: settings }: Policy, options: readonly Option[], headroom: number | undefined): number {
	if (slack === undefined || settings === undefined || headroom === undefined) return 1;
	const worst = options.map(({ worstNanoUsd }) => worstNanoUsd);
	return pacedTarget(headroom, wantedRoomNanoUsd(worst, settings, slack), slack);
}

interface Spending {
	readonly callId: string;
	readonly period: string;
	readonly options: readonly Option[];
	readonly taken: string;
	readonly isException: boolean;
	readonly costUsd: number;
}

function spend(state: GuardState, settings: GuardSettings, { callId, period, options, taken, isException, costUsd }: Spending): GuardState {
	const worstNanoUsd = options.find(({ arm }) => arm === taken)?.worstNanoUsd ?? 0;
	const held = guard(state, { type: 'reserve', callId, period, worstNanoUsd, isException }, settings);
	if (!held.isAdmitted) throw new Error('The policy chose what the filter does not admit.');
	return guard(held.state, { type: 'settle', callId, costNanoUsd: Math.round(costUsd * NANO) }, settings).state;
}
