/** Remembers where each (session, agent) was served, what its prompt weighed there, and how long its role's answers are. */

import type { Call } from '../protocol/call.ts';
import type { Key } from '../protocol/member.ts';
import type { Affinity } from '../protocol/plan.ts';
import type { Usage } from '../protocol/stream.ts';
import type { Role } from '../protocol/words.ts';
import { HeldBodies, type IsEqual, unseenBytes } from './held-bodies.ts';
import { addOutputSize, NO_OUTPUT_SIZES, type OutputSizes, usualOutputTokens } from './output-sizes.ts';

/** What one conversation left at one deployment. */
interface Trace {
	readonly deployment: string;
	/** The provider's key, where it has several: prompt caches are an account's. */
	readonly providerKey: string | undefined;
	readonly model: string | undefined;
	readonly mediaMarks: readonly string[];
	readonly countedUnder: string | undefined;
	readonly lastUsedMs: number;
	readonly promptTokens: number;
	readonly bodyBytes: number;
	readonly prefixDigest: string;
	readonly role: Role;
}

export interface ServedCall {
	readonly key: Key;
	readonly call: Call;
	/** The caller's bytes; undefined where nobody bills them, since a count of the box's own bounds no other's bill. */
	readonly body: Uint8Array | undefined;
	readonly deployment: string;
	/** The provider's key that was used, where it has several. */
	readonly providerKey?: string | undefined;
	/** The upstream's model id. */
	readonly model?: string;
	readonly role: Role;
	readonly usage: Usage;
	readonly nowMs: number;
}

/** A session's main loop, its titles and its compaction differ in system text and tools: each keeps its own trace. */
const TRACES_PER_SESSION = 4;
/** Two hundred bytes each: a busy team's day in a megabyte. */
const DEFAULT_SESSIONS = 4_096;

/** Without a session id the first words of the user tell conversations apart. */
export function affinityKeyOf(key: Key, { signals }: Call): string {
	const session = signals.sessionId ?? `first:${signals.firstUserDigest}`;
	return JSON.stringify([key.id, session, signals.agentId ?? '']);
}

/** Tokens of the whole prompt, cache reads and writes included; undefined where the upstream did not say. */
function promptTokensOf({ inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0 }: Usage): number | undefined {
	return inputTokens === undefined ? undefined : inputTokens + cacheReadTokens + cacheWriteTokens + cacheWrite1hTokens;
}

/** What stands behind an address can be another picture each time. */
function unseenMedia({ size }: Call, seen: readonly string[]): number {
	return size.remoteMediaCount + (size.mediaMarks ?? []).filter((mark) => !seen.includes(mark)).length;
}

const bodyId = (id: string, prefixDigest: string): string => `${prefixDigest} ${id}`;

/** Holds state, but no clock and no I/O: the same calls give the same answers. The least recently used session is forgotten first. */
export class AffinityMemory {
	readonly #limit: number;
	readonly #sessions = new Map<string, readonly Trace[]>();
	readonly #isEqual: IsEqual;
	readonly #bodies = new HeldBodies();
	#sizes: OutputSizes = NO_OUTPUT_SIZES;

	constructor(isEqual: IsEqual, limit: number = DEFAULT_SESSIONS) {
		this.#isEqual = isEqual;
		this.#limit = limit;
	}

	/** The trace of the same system text and tools where there is one, else the session's newest. */
	find(key: Key, call: Call, body: Uint8Array): Affinity | undefined {
		const id = affinityKeyOf(key, call);
		const traces = this.#sessions.get(id);
		const trace = traces?.find(({ prefixDigest }) => prefixDigest === call.signals.prefixDigest) ?? traces?.[0];
		if (trace === undefined) return undefined;
		const { deployment, model, lastUsedMs, promptTokens, bodyBytes, prefixDigest, role, mediaMarks, countedUnder } = trace;
		const isCountedAlike = countedUnder === call.size.countedUnder;
		const held = isCountedAlike ? this.#bodies.get(bodyId(id, prefixDigest)) : undefined;
		return {
			deployment,
			...(model === undefined ? {} : { model }),
			lastUsedMs,
			promptTokens,
			bodyBytes,
			unseenBytes: held && unseenBytes(held, body, this.#isEqual),
			unseenMedia: unseenMedia(call, mediaMarks),
			isSamePrefix: prefixDigest === call.signals.prefixDigest,
			usualOutputTokens: usualOutputTokens(this.#sizes, role),
		};
	}

	/** The provider's key that served this prefix of the session at the deployment; any other prefix has no cache there. */
	keyAt(key: Key, call: Call, deployment: string): string | undefined {
		const traces = this.#sessions.get(affinityKeyOf(key, call));
		return traces?.find((trace) => trace.prefixDigest === call.signals.prefixDigest && trace.deployment === deployment)?.providerKey;
	}

	/** Notes an answered call. Without its usage nothing is known that would be worth keeping. */
	note({ key, call, body, deployment, model, providerKey, role, usage, nowMs }: ServedCall): void {
		if (usage.outputTokens !== undefined) this.#sizes = addOutputSize(this.#sizes, role, usage.outputTokens);
		const promptTokens = promptTokensOf(usage);
		if (promptTokens === undefined) return;
		const { prefixDigest } = call.signals;
		const { bodyBytes, mediaMarks = [], mayDropInput, countedUnder } = call.size;
		const size = { promptTokens, bodyBytes, mediaMarks, countedUnder };
		const trace: Trace = { deployment, model, providerKey, lastUsedMs: nowMs, ...size, prefixDigest, role };
		const id = affinityKeyOf(key, call);
		const others = (this.#sessions.get(id) ?? []).filter((other) => other.prefixDigest !== prefixDigest);
		this.#sessions.delete(id);
		if (body === undefined || mayDropInput) this.#bodies.drop(bodyId(id, prefixDigest));
		else this.#bodies.keep(bodyId(id, prefixDigest), body);
		this.#sessions.set(id, [trace, ...others].slice(0, TRACES_PER_SESSION));
		this.#forget();
	}

	get size(): number {
		return this.#sessions.size;
	}

	#forget(): void {
		const [oldest] = this.#sessions.keys();
		if (this.#sessions.size > this.#limit && oldest !== undefined) this.#sessions.delete(oldest);
	}
}
