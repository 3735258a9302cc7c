/** One arm a deployment: who can be chosen, what each is believed to reach, and who is new and has to be tried. */

import {
	type ArmSettings,
	coldArm,
	type Estimate,
	estimate,
	guessedArm,
	type LinearArm,
	learn,
	type Prior,
	warmArm,
} from './linear-arm.ts';
import type { Vector } from './matrix.ts';

export interface BanditState {
	readonly arms: ReadonlyMap<string, LinearArm>;
	/** Calls that newcomers are still given whatever their score. */
	readonly trials: ReadonlyMap<string, number>;
	/** t: calls that were routed. Time for forgetting runs by calls, not by feedback. */
	readonly calls: number;
}

/** What an arm begins with: statistics from elsewhere, a guess of its usual quality, or nothing. */
export type ArmStart =
	| { readonly from: 'prior'; readonly prior: Prior; readonly calls: number }
	| { readonly from: 'guess'; readonly quality: number; readonly calls: number }
	| { readonly from: 'nothing' };

export type BanditEvent =
	| { readonly type: 'chosen'; readonly arm: string }
	| { readonly type: 'rewarded'; readonly arm: string; readonly x: Vector; readonly reward: number; readonly weight: number }
	/** `trials`: so many calls are sent to it unconditionally. An arm that is there stays as it is. */
	| { readonly type: 'added'; readonly arm: string; readonly start: ArmStart; readonly trials: number }
	| { readonly type: 'removed'; readonly arm: string };

export const NO_ARMS: BanditState = { arms: new Map(), trials: new Map(), calls: 0 };

export function bandit(state: BanditState, event: BanditEvent, settings: ArmSettings): BanditState {
	switch (event.type) {
		case 'chosen':
			return chosen(state, event.arm);
		case 'rewarded':
			return rewarded(state, event, settings);
		case 'added':
			return added(state, event, settings);
		case 'removed':
			return { ...state, arms: without(state.arms, event.arm), trials: without(state.trials, event.arm) };
	}
}

function chosen(state: BanditState, name: string): BanditState {
	const calls = state.calls + 1;
	const arm = state.arms.get(name);
	if (arm === undefined) return { ...state, calls };
	const left = (state.trials.get(name) ?? 0) - 1;
	const trials = left < 0 ? state.trials : left === 0 ? without(state.trials, name) : new Map(state.trials).set(name, left);
	return { arms: new Map(state.arms).set(name, { ...arm, chosenAt: calls }), trials, calls };
}

/** Rewards are clipped to [0, 1]; one that is no number is dropped. */
function rewarded(state: BanditState, event: Extract<BanditEvent, { type: 'rewarded' }>, settings: ArmSettings): BanditState {
	const arm = state.arms.get(event.arm);
	const { x, reward, weight } = event;
	if (arm === undefined || !Number.isFinite(reward) || !Number.isFinite(weight) || x.length !== settings.dimension) return state;
	const next = learn(arm, x, Math.min(1, Math.max(0, reward)), weight, state.calls, settings);
	return next === arm ? state : { ...state, arms: new Map(state.arms).set(event.arm, next) };
}

function added(state: BanditState, event: Extract<BanditEvent, { type: 'added' }>, settings: ArmSettings): BanditState {
	if (state.arms.has(event.arm)) return state;
	const arms = new Map(state.arms).set(event.arm, startArm(event.start, settings, state.calls));
	return { ...state, arms, trials: event.trials > 0 ? new Map(state.trials).set(event.arm, event.trials) : state.trials };
}

function startArm(start: ArmStart, settings: ArmSettings, at: number): LinearArm {
	if (start.from === 'prior') return warmArm(settings, start.prior, start.calls, at);
	return start.from === 'guess' ? guessedArm(settings, start.quality, start.calls, at) : coldArm(settings, at);
}

function without<T>(map: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
	if (!map.has(key)) return map;
	const rest = new Map(map);
	rest.delete(key);
	return rest;
}

/** Undefined for an arm that nobody added. */
export function estimateArm(state: BanditState, arm: string, x: Vector, settings: ArmSettings): Estimate | undefined {
	const known = state.arms.get(arm);
	return known === undefined ? undefined : estimate(known, x, state.calls, settings);
}
