/** Recorded traffic as a replay sees it: what each call weighed, whose it was and what kind of work it did; no text. */

import type { CallRecord } from '../../protocol/ports.ts';
import type { Role } from '../../protocol/words.ts';

/**
 * `classifier` decides whether an agent's commands may run; `auxiliary` are titles, commit messages, probes and other calls
 * beside a session.
 */
export type TrafficKind = 'main' | 'subagent' | 'auxiliary' | 'classifier';

export interface TrafficCall {
	/** Calls of one conversation share a prompt cache. */
	readonly conversation: string;
	readonly kind: TrafficKind;
	/** What the turn is for; undefined where nothing in the record says it. */
	readonly work: Role | undefined;
	/** The best guess where `work` is undefined. */
	readonly likelyWork: Role;
	/** The whole input. */
	readonly promptTokens: number;
	/** Of that, what was not read from a prompt cache. */
	readonly newTokens: number;
	readonly outputTokens: number;
	/** Tokens that this call's prompt has more than the one before and that the model did not write itself. */
	readonly grownTokens: number;
	/** Whether those are tool results: known, likely (the loop went on by itself), or not known. */
	readonly growth: 'tool-results' | 'likely-tool-results' | 'unknown';
	/** Start, ms since the first call. */
	readonly atMs: number;
	readonly durationMs: number;
	/** What was really paid, where the record says so. */
	readonly paidNanoUsd: number | undefined;
}

/** One call with the least that a conversation can be told by. */
export interface WeighedCall {
	readonly promptTokens: number;
	readonly cacheReadTokens: number;
}

export interface Conversation {
	readonly name: string;
	promptTokens: number;
	/** Index of its calls. */
	readonly calls: number[];
}

/**
 * Without session ids a call goes on with the conversation whose prompt it reads from the cache, or, after a pause that
 * emptied the cache, with the one whose prompt was about as long. The latest comes first.
 */
export function groupByConversation(calls: readonly WeighedCall[]): readonly Conversation[] {
	const open: Conversation[] = [];
	for (const [index, { promptTokens: total, cacheReadTokens }] of calls.entries()) {
		const isRead = ({ promptTokens }: Conversation) => Math.abs(promptTokens - cacheReadTokens) <= Math.max(256, cacheReadTokens * 0.01);
		const isGrown = ({ promptTokens }: Conversation) => total >= promptTokens * 0.99 && total <= promptTokens * 1.1;
		const known = open.find(isRead) ?? open.find(isGrown);
		if (known === undefined) open.unshift({ name: `c${open.length + 1}`, promptTokens: total, calls: [index] });
		else {
			known.promptTokens = total;
			known.calls.push(index);
		}
	}
	return open;
}

const KIND_BY_REASON: Readonly<Record<string, TrafficKind>> = {
	probe: 'auxiliary',
	title: 'auxiliary',
	'commit-message': 'auxiliary',
	'class-auxiliary': 'auxiliary',
	'tiny-cap': 'auxiliary',
	'structured-without-tools': 'auxiliary',
	'search-agent': 'subagent',
	'subagent-without-write-tools': 'subagent',
	subagent: 'subagent',
};

function kindOf({ decision }: CallRecord): TrafficKind {
	const codes = decision.reasons.map(({ code }) => code);
	if (codes.some((code) => code.startsWith('classifier') || code.startsWith('safety-classifier'))) return 'classifier';
	return codes.map((code) => KIND_BY_REASON[code]).find((kind) => kind !== undefined) ?? 'main';
}

/** Our own log: who asked and for what was decided then. Calls that failed or told no usage are left out. */
export function trafficOfLog(records: readonly CallRecord[]): readonly TrafficCall[] {
	const told = records
		.filter(({ outcome }) => outcome !== undefined && outcome !== null && outcome.status < 400 && outcome.outputTokens !== undefined)
		.toSorted((a, b) => Date.parse(a.decision.at) - Date.parse(b.decision.at));
	const start = Date.parse(told[0]?.decision.at ?? '');
	const calls: TrafficCall[] = [];
	for (const [group, members] of Map.groupBy(told.keys(), (index) => told[index]?.decision.keyId ?? '')) {
		const weighed = members.map((index) => weigh(told[index]));
		for (const { name, calls: own } of groupByConversation(weighed)) {
			let before: CallRecord | undefined;
			for (const place of own) {
				const index = members[place] ?? 0;
				const record = told[index];
				if (record === undefined) continue;
				calls[index] = callOfLog(record, before, `${group}/${name}`, start);
				before = record;
			}
		}
	}
	return calls.filter((call) => call !== undefined);
}

function weigh(record: CallRecord | undefined): WeighedCall {
	const { inputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = record?.outcome ?? {};
	return { promptTokens: inputTokens + cacheReadTokens + cacheWriteTokens, cacheReadTokens };
}

function callOfLog(record: CallRecord, before: CallRecord | undefined, conversation: string, startMs: number): TrafficCall {
	const { decision, outcome } = record;
	const { promptTokens, cacheReadTokens } = weigh(record);
	const grown = before === undefined ? 0 : promptTokens - weigh(before).promptTokens - (before.outcome?.outputTokens ?? 0);
	return {
		conversation,
		kind: kindOf(record),
		work: decision.role,
		likelyWork: decision.role,
		promptTokens,
		newTokens: promptTokens - cacheReadTokens,
		outputTokens: outcome?.outputTokens ?? 0,
		grownTokens: Math.max(0, grown),
		growth: before !== undefined && before.decision.treeKey === decision.treeKey ? 'likely-tool-results' : 'unknown',
		atMs: Date.parse(decision.at) - startMs,
		durationMs: outcome?.latencyMs ?? 0,
		paidNanoUsd: outcome?.costNanoUsd,
	};
}
