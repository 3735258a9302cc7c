/** Policies on recorded traffic: what each would have cost, who would have answered, how long it would have taken. */

import type { Deployment } from '../../protocol/deployment.ts';
import type { Role, Tier } from '../../protocol/words.ts';
import { priceUsage } from '../price-usage.ts';
import type { TrafficCall } from './traffic-call.ts';

/** Who may answer, and what the box can do. */
export interface ReplayTeam {
	readonly frontier: Deployment;
	/** Models of the middle class; of those that a call fits, the cheapest answers. */
	readonly mids: readonly Deployment[];
	readonly local: {
		readonly contextTokens: number;
		/** Tokens a second. */
		readonly prefill: number;
		readonly decode: number;
		readonly deadlineMs: number;
	};
	/** What a new input token costs: as plain input, or as the cache write that agents ask for. */
	readonly newInputAs: 'input' | 'write';
	readonly cacheLifeMs: number;
	/** What an answer of each tier is believed to be worth, 0 to 1. */
	readonly quality: Readonly<Record<Tier, number>>;
}

export interface TrafficPolicy {
	readonly name: string;
	/** `turns`: each turn by its own work; `borders`: whole sub-agents and auxiliary calls; `ideal`: inner work is free. */
	readonly moves: 'none' | 'turns' | 'borders' | 'ideal';
	/** On the operator's word alone: what decides whether commands run may be answered by a lesser model. */
	readonly mayMoveClassifier?: boolean;
	/** Tool results are trimmed when they first appear: those of the record, or also those that its prompts began with. */
	readonly diet?: 'from-here' | 'from-the-start';
}

/** The policies of one table, from what there is to what could be at most. */
export const TRAFFIC_POLICIES: readonly TrafficPolicy[] = [
	{ name: 'all frontier', moves: 'none' },
	{ name: 'roles, turn by turn', moves: 'turns' },
	{ name: 'sub-agents and auxiliary', moves: 'borders' },
	{ name: '… classifier too, on your word', moves: 'borders', mayMoveClassifier: true },
	{ name: 'diet alone', moves: 'none', diet: 'from-here' },
	{ name: '… had it been on from the start', moves: 'none', diet: 'from-the-start' },
	{ name: 'sub-agents, auxiliary, diet', moves: 'borders', diet: 'from-here' },
	{ name: 'all, from the start', moves: 'borders', mayMoveClassifier: true, diet: 'from-the-start' },
	{ name: 'bound: local free and perfect', moves: 'ideal' },
];

/** How what the record does not say is read; the least, the likeliest and the most give an interval. */
export interface Reading {
	/** Work of turns that nothing tells. */
	readonly untold: 'outer' | 'likely' | 'inner';
	readonly growth: readonly TrafficCall['growth'][];
	/** Share of tool results that the diet takes away. */
	readonly trimShare: number;
}

export interface Replayed {
	readonly policy: string;
	readonly costNanoUsd: number;
	readonly waitMs: number;
	readonly quality: number;
	readonly tiers: Readonly<Record<Tier, number>>;
}

interface Place {
	readonly deployment: Deployment | 'local';
	readonly tier: Tier;
}

/** How much of a conversation's prompt each deployment holds; diet included. */
class Held {
	readonly #tokens = new Map<string, { readonly tokens: number; readonly atMs: number }>();
	readonly #lifeMs: number;

	constructor(lifeMs: number) {
		this.#lifeMs = lifeMs;
	}

	at(id: string, { conversation, atMs }: TrafficCall): number | undefined {
		const held = this.#tokens.get(`${id} ${conversation}`);
		return held === undefined || atMs - held.atMs > this.#lifeMs ? undefined : held.tokens;
	}

	note(id: string, { conversation, atMs }: TrafficCall, tokens: number): void {
		this.#tokens.set(`${id} ${conversation}`, { tokens, atMs });
	}
}

interface Conversation {
	/** Of the call before: who answered, the prompt as recorded and as trimmed. */
	last: string | undefined;
	promptTokens: number;
	trimmedTokens: number;
}

const workOf = ({ work, likelyWork }: TrafficCall, { untold }: Reading): Role => work ?? (untold === 'likely' ? likelyWork : untold);

export function replayTraffic(calls: readonly TrafficCall[], policy: TrafficPolicy, team: ReplayTeam, reading: Reading): Replayed {
	const held = new Held(team.cacheLifeMs);
	const open = new Map<string, Conversation>();
	const startShare = policy.diet === 'from-the-start' ? toolShareOf(calls, reading) * reading.trimShare : 0;
	const sum = { costNanoUsd: 0, waitMs: 0, quality: 0, tiers: { frontier: 0, mid: 0, local: 0 } };
	for (const call of calls) {
		const before = open.get(call.conversation) ?? begin(call, startShare);
		const played = playCall(call, before, held, policy, team, reading);
		open.set(call.conversation, played.after);
		sum.costNanoUsd += played.costNanoUsd;
		sum.waitMs += played.waitMs;
		sum.quality += played.quality;
		sum.tiers[played.tier] += 1;
	}
	return { policy: policy.name, ...sum, quality: calls.length === 0 ? 0 : sum.quality / calls.length };
}

/** Of what conversations grew by, the share of tool results: taken for that of what they had grown by before the record. */
function toolShareOf(calls: readonly TrafficCall[], { growth }: Reading): number {
	const grown = calls.filter(({ kind, grownTokens }) => kind !== 'classifier' && grownTokens > 0);
	const all = grown.reduce((sum, { grownTokens, outputTokens }) => sum + grownTokens + outputTokens, 0);
	const tools = grown.reduce((sum, call) => sum + (growth.includes(call.growth) ? call.grownTokens : 0), 0);
	return all === 0 ? 0 : tools / all;
}

/** System prompt and tools of an agent: no tool result stands in them (the recorded sub-agents begin with about as much). */
const PREFIX_TOKENS = 24_000;

function begin({ kind, promptTokens, newTokens }: TrafficCall, startShare: number): Conversation {
	const isOlder = kind !== 'classifier' && newTokens < promptTokens / 2;
	const trimmedTokens = isOlder ? Math.max(0, promptTokens - PREFIX_TOKENS) * startShare : 0;
	return { last: undefined, promptTokens, trimmedTokens };
}

function playCall(call: TrafficCall, before: Conversation, held: Held, policy: TrafficPolicy, team: ReplayTeam, reading: Reading) {
	const isTrimmed = policy.diet !== undefined && reading.growth.includes(call.growth);
	const cut = isTrimmed ? Math.min(call.grownTokens, call.newTokens) * reading.trimShare : 0;
	const trimmedTokens = before.trimmedTokens + cut;
	const promptTokens = Math.max(0, call.promptTokens - trimmedTokens);
	const work = workOf(call, reading);
	const place = placeOf({ ...call, promptTokens }, work, held, policy, team);
	const id = place.deployment === 'local' ? 'local' : place.deployment.id;
	const read = readTokens(call, before, id, held, promptTokens, team);
	held.note(id, call, promptTokens + call.outputTokens);
	const isFree = policy.moves === 'ideal' && work === 'inner';
	return {
		tier: isFree ? ('local' as const) : place.tier,
		// Free and perfect: as good as what it replaces.
		quality: team.quality[place.tier],
		costNanoUsd: isFree ? 0 : costOf(call, place, promptTokens, read, team),
		waitMs: place.deployment === 'local' ? localMs(promptTokens - read, call, team) : call.durationMs,
		after: { last: id, promptTokens: call.promptTokens, trimmedTokens },
	};
}

/** What the record says was read, where the same one answered before; else what the other one still holds. */
function readTokens(call: TrafficCall, before: Conversation, id: string, held: Held, promptTokens: number, team: ReplayTeam): number {
	const recorded = call.promptTokens - call.newTokens;
	const isFirst = before.last === undefined && id === team.frontier.id;
	if (isFirst) return Math.max(0, Math.min(recorded - before.trimmedTokens, promptTokens));
	if (before.last !== id) return Math.min(held.at(id, call) ?? 0, promptTokens);
	// What was trimmed stood near the end: it is missing only where the cache held nearly all of the prompt.
	const isWhole = recorded >= 0.9 * before.promptTokens;
	return Math.max(0, Math.min(promptTokens, isWhole ? recorded - before.trimmedTokens : recorded));
}

function placeOf(call: TrafficCall, work: Role, held: Held, { moves, mayMoveClassifier = false }: TrafficPolicy, team: ReplayTeam): Place {
	const stays: Place = { deployment: team.frontier, tier: 'frontier' };
	if (moves === 'none' || moves === 'ideal') return stays;
	if (call.kind === 'classifier' && !mayMoveClassifier) return stays;
	const isBeside = call.kind !== 'main';
	if (moves === 'borders' ? !isBeside : work === 'outer') return stays;
	const freshTokens = Math.max(0, call.promptTokens - (held.at('local', call) ?? 0));
	if (work === 'inner' && isInTime(call, freshTokens, team)) return { deployment: 'local', tier: 'local' };
	const mid = team.mids.filter((one) => fits(call, one)).toSorted((a, b) => outputPrice(a) - outputPrice(b))[0];
	return mid === undefined ? stays : { deployment: mid, tier: 'mid' };
}

const outputPrice = ({ price }: Deployment): number => price?.outputPicoUsd ?? Number.POSITIVE_INFINITY;

const fits = ({ promptTokens, outputTokens }: TrafficCall, { contextTokens, maxInputTokens }: Deployment): boolean =>
	promptTokens + outputTokens <= (maxInputTokens ?? contextTokens ?? 0);

const localMs = (freshTokens: number, { outputTokens }: TrafficCall, { local }: ReplayTeam): number =>
	(freshTokens / local.prefill + outputTokens / local.decode) * 1_000;

/** In the window of the box's own model. */
export const fitsBox = ({ promptTokens, outputTokens }: TrafficCall, { local }: ReplayTeam): boolean =>
	promptTokens + outputTokens <= local.contextTokens;

/** @param freshTokens of its prompt, those that the box does not hold */
export const isInTime = (call: TrafficCall, freshTokens: number, team: ReplayTeam): boolean =>
	fitsBox(call, team) && localMs(freshTokens, call, team) <= team.local.deadlineMs;

function costOf(
	{ outputTokens }: TrafficCall,
	{ deployment }: Place,
	promptTokens: number,
	read: number,
	{ newInputAs }: ReplayTeam,
): number {
	if (deployment === 'local') return 0;
	const cacheReadTokens = Math.round(read);
	const fresh = Math.max(0, Math.round(promptTokens) - cacheReadTokens);
	const isWritten = newInputAs === 'write';
	const tokens = { inputTokens: isWritten ? 0 : fresh, cacheWriteTokens: isWritten ? fresh : 0, cacheWrite1hTokens: 0 };
	return priceUsage({ ...tokens, cacheReadTokens, outputTokens }, deployment, 0).costNanoUsd;
}
