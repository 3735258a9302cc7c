/** Routing that learns, beside the walk: lends it what was learned, watches what comes of its calls, and keeps that. */

import type { Logger } from 'pino';
import type { Call } from '../../protocol/call.ts';
import type { Deployment } from '../../protocol/deployment.ts';
import type { CallPolicy, LearningSettings, LearningStore, PacingSettings, PolicyNote, Verdict } from '../../protocol/learning.ts';
import type { Key } from '../../protocol/member.ts';
import type { Allowance, Plan } from '../../protocol/plan.ts';
import type { Clock, SpendRow } from '../../protocol/ports.ts';
import { type BanditState, bandit, NO_ARMS } from '../../router/policy/bandit.ts';
import { decide, type PolicySettings } from '../../router/policy/decide.ts';
import { FEATURE_COUNT, FEATURES } from '../../router/policy/features.ts';
import { pacedTarget, wantedRoomNanoUsd } from '../../router/policy/paced-target.ts';
import { observeCost, type PacerState, PRICE_SCALE, RESTED_PACER } from '../../router/policy/pacer.ts';
import { type Reward, rewardOfVerdict } from '../../router/policy/rewards.ts';
import { fromSnapshot, type PolicySnapshot, takeSnapshot } from '../../router/policy/snapshot.ts';
import type { Walk } from '../walk.ts';
import { MeanKeeper, type MeanReport } from './mean-keeper.ts';
import { TurnMemory } from './turn-memory.ts';

/** What was learned goes to the disk this often, where it changed: an SD card wears. */
const SAVE_MS = 60_000;
/** ParetoBandit's V_max and λ0. */
const MAX_VARIANCE_FACTOR = 200;
const RIDGE = 1;
/** Chosen on the validation split of bench:pacer. */
const SLACK = { reachCalls: 150, margin: 1.5, least: 0.3, most: 1.3 };
/** One key's verdicts count for at most so many answers an hour. */
const VERDICTS_AN_HOUR = 60;
const HOUR_MS = 3_600_000;

export interface LearningParts {
	readonly store: LearningStore;
	/** The ledger's sums. */
	readonly spend: () => readonly SpendRow[];
	readonly clock: Clock;
	readonly log: Logger;
}

export class LearningDesk {
	private readonly parts: LearningParts;
	private readonly mean: MeanKeeper;
	private readonly turns = new TurnMemory();
	private readonly verdicts = new Map<string, { fromMs: number; count: number }>();
	private settings: LearningSettings;
	private policySettings: PolicySettings;
	private bandit: BanditState = NO_ARMS;
	private pacer: PacerState = RESTED_PACER;
	private isChanged = false;
	private timer: NodeJS.Timeout | undefined;

	constructor(settings: LearningSettings, parts: LearningParts) {
		this.parts = parts;
		this.mean = new MeanKeeper(parts.clock);
		this.settings = settings;
		this.policySettings = toPolicySettings(settings);
	}

	configure(settings: LearningSettings): void {
		this.settings = settings;
		this.policySettings = toPolicySettings(settings);
	}

	/** Nothing is asked of it where neither a score nor a mean is wanted. */
	get isOn(): boolean {
		return this.settings.isOn || this.settings.pacing !== undefined;
	}

	get isPaced(): boolean {
		return this.settings.pacing !== undefined;
	}

	/** Brings back what was learned; without it (none, or spoiled) it begins anew, and says so. */
	async start(): Promise<void> {
		const text = await this.parts.store.load();
		if (text !== undefined) this.restore(text);
		this.timer = setInterval(() => this.save(), SAVE_MS).unref();
	}

	private restore(text: string): void {
		try {
			const state = fromSnapshot(JSON.parse(text) as PolicySnapshot, FEATURES, this.policySettings.arms);
			this.bandit = state.bandit;
			this.pacer = state.pacer;
			if (this.settings.pacing !== undefined) this.mean.recover(state.guard, this.settings.pacing, this.parts.spend());
		} catch (err) {
			this.parts.log.warn({ err }, 'what routing had learned cannot be read: it begins anew');
		}
	}

	save(): void {
		if (!this.isChanged) return;
		this.isChanged = false;
		const state = { bandit: this.bandit, pacer: this.pacer, guard: this.mean.state };
		this.parts.store.save(JSON.stringify(takeSnapshot(state, FEATURES)));
	}

	stop(): void {
		clearInterval(this.timer);
		this.save();
	}

	/** For one call; undefined where rules order. Deployments that are new get an arm. */
	policyFor(deployments: readonly Deployment[]): CallPolicy | undefined {
		if (!this.settings.isOn) return undefined;
		this.takeIn(deployments);
		const { bandit: state, pacer, policySettings } = this;
		return {
			roles: this.settings.roles,
			decide: (x, options, random) => decide(state, pacer, { x, options, headroomNanoUsd: undefined, random }, policySettings),
		};
	}

	private takeIn(deployments: readonly Deployment[]): void {
		// Those of the first start are no newcomers: they are all equally unknown.
		const trials = this.bandit.calls > 0 ? this.settings.trialCalls : 0;
		for (const { id, tier } of deployments) {
			if (this.bandit.arms.has(id)) continue;
			const start = { from: 'guess', quality: this.settings.usualQuality[tier], calls: this.settings.usualCalls } as const;
			this.bandit = bandit(this.bandit, { type: 'added', arm: id, start, trials }, this.policySettings.arms);
		}
	}

	/** What the mean leaves for a call of this key. Keys without a ceiling are not bounded, and do not count. */
	narrow(allowance: Allowance, key: Key, call: Call): Allowance {
		const { pacing } = this.settings;
		return pacing === undefined || !key.hasCeiling || call.operation !== 'generate' ? allowance : this.mean.narrow(allowance, pacing);
	}

	get withoutRoom(): { readonly do: 'refuse' | 'queue' | 'exception'; readonly queueMs: number } {
		const { withoutRoom = 'refuse', queueMs = 0 } = this.settings.pacing ?? {};
		return { do: withoutRoom, queueMs };
	}

	/** Holds the walk's worst case against the mean; false where there is no room for it. */
	reserve(walk: Walk, worstNanoUsd: number, isException: boolean): boolean {
		const { pacing } = this.settings;
		const { key, callId } = walk.arrival;
		if (pacing === undefined || !key.hasCeiling || walk.call?.operation !== 'generate') return true;
		return this.mean.reserve(callId, worstNanoUsd, isException, pacing);
	}

	/** The walk is over: its cost is known, and its answer waits for its reward. */
	finish(walk: Walk): void {
		const { call, plan, settlement, deployment, arrival } = walk;
		if (call === undefined || plan === undefined || call.operation !== 'generate') return;
		const isAnswered = walk.problem === undefined && arrival.reply.status < 400 && deployment !== undefined;
		this.settle(arrival.callId, plan, isAnswered, settlement?.costNanoUsd);
		if (plan.policy === undefined || deployment === undefined || !isAnswered) return;
		this.isChanged = true;
		this.bandit = bandit(this.bandit, { type: 'chosen', arm: deployment.id }, this.policySettings.arms);
		// An answer of a fallback was not chosen by the score: its reward would speak for the wrong one.
		if (deployment.id === plan.policy.arm) this.turns.answered(arrival.key, call, { callId: arrival.callId, note: plan.policy });
	}

	private settle(callId: string, plan: Plan, isAnswered: boolean, costNanoUsd: number | undefined): void {
		const { pacing } = this.settings;
		if (pacing === undefined) return;
		this.isChanged = true;
		if (costNanoUsd === undefined && !isAnswered) {
			this.mean.release(callId, pacing);
			return;
		}
		this.mean.settle(callId, costNanoUsd ?? 0, pacing);
		const target = pacing.targetNanoUsd * this.steering(plan, pacing);
		this.pacer = observeCost(this.pacer, (costNanoUsd ?? 0) / target, pacing);
	}

	/** What to steer to, as a multiple of the target: see policy/paced-target.ts. */
	private steering({ candidates }: Plan, pacing: PacingSettings): number {
		const worst = candidates.map(({ worstCostNanoUsd }) => worstCostNanoUsd);
		return pacedTarget(this.mean.report(pacing).headroomNanoUsd, wantedRoomNanoUsd(worst, pacing, SLACK), SLACK);
	}

	/** A turn of a session came in: it may tell of the turn before. */
	heard(key: Key, call: Call): void {
		if (!this.settings.isOn || call.operation !== 'generate') return;
		const told = this.turns.heard(key, call);
		if (told !== undefined) this.reward(told.callId, key, told.note, told.reward);
	}

	/** What a caller says of its own call. @returns false where the key has said enough for this hour. */
	feedback(key: Key, callId: string, note: PolicyNote, verdict: Verdict): boolean {
		const nowMs = this.parts.clock.nowMs();
		const said = this.verdicts.get(key.id);
		const current = said === undefined || nowMs - said.fromMs >= HOUR_MS ? { fromMs: nowMs, count: 0 } : said;
		if (current.count >= VERDICTS_AN_HOUR) return false;
		this.verdicts.set(key.id, { ...current, count: current.count + 1 });
		this.reward(callId, key, note, rewardOfVerdict(verdict));
		return true;
	}

	private reward(callId: string, key: Key, { arm, propensity, x, features }: PolicyNote, { kind, reward, weight }: Reward): void {
		this.parts.store.addReward({ callId, keyId: key.id, arm, propensity, kind, reward, weight, atMs: this.parts.clock.wallMs() });
		if (features !== FEATURES) return;
		this.isChanged = true;
		this.bandit = bandit(this.bandit, { type: 'rewarded', arm, x: Float64Array.from(x), reward, weight }, this.policySettings.arms);
	}

	meanReport(): MeanReport | undefined {
		return this.settings.pacing && this.mean.report(this.settings.pacing);
	}
}

function toPolicySettings({ weights, chance, forgetting }: LearningSettings): PolicySettings {
	return {
		arms: { dimension: FEATURE_COUNT, gamma: forgetting, ridge: RIDGE, maxVarianceFactor: MAX_VARIANCE_FACTOR },
		weights,
		scale: PRICE_SCALE,
		hasRateCeiling: true,
		chance,
	};
}
