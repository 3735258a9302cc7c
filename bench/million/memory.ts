/** What the box remembers of each conversation, by the rules of `router/affinity.ts`, over segments in place of bytes. */

import type { Call } from '../../appliance/protocol/call.ts';
import type { Deployment } from '../../appliance/protocol/deployment.ts';
import type { Affinity } from '../../appliance/protocol/plan.ts';
import type { Usage } from '../../appliance/protocol/stream.ts';
import { type Segment, unseenBytes } from './conversation.ts';

interface Trace {
	readonly deployment: Deployment;
	readonly segments: readonly Segment[];
	readonly promptTokens: number;
	readonly bodyBytes: number;
	readonly mayDropInput: boolean;
	readonly atMs: number;
}

export class Memory {
	readonly #traces = new Map<string, Trace>();

	find(treeKey: string, call: Call, segments: readonly Segment[]): Affinity | undefined {
		const trace = this.#traces.get(treeKey);
		if (trace === undefined) return undefined;
		const { deployment, promptTokens, bodyBytes, atMs } = trace;
		return {
			deployment: deployment.id,
			model: deployment.model,
			lastUsedMs: atMs,
			promptTokens,
			bodyBytes,
			unseenBytes: trace.mayDropInput ? undefined : unseenBytes(trace.segments, segments),
			// No picture of a random call is one that was seen before.
			unseenMedia: call.size.inlineMediaCount + call.size.remoteMediaCount,
			isSamePrefix: true,
			usualOutputTokens: undefined,
		};
	}

	/** Has this deployment, with this model, counted an earlier state of the conversation? */
	isKnown(treeKey: string, { id, model }: Deployment): boolean {
		const trace = this.#traces.get(treeKey);
		return trace !== undefined && !trace.mayDropInput && trace.deployment.id === id && trace.deployment.model === model;
	}

	note(treeKey: string, call: Call, segments: readonly Segment[], deployment: Deployment, usage: Usage, atMs: number): void {
		const { inputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0, cacheWrite1hTokens = 0 } = usage;
		const counted = inputTokens + cacheReadTokens + cacheWriteTokens + cacheWrite1hTokens;
		const { bodyBytes, mayDropInput = false } = call.size;
		// What a vendor leaves out it does not count.
		const promptTokens = mayDropInput ? Math.floor(counted / 2) : counted;
		this.#traces.set(treeKey, { deployment, segments, promptTokens, bodyBytes, mayDropInput, atMs });
	}

	forget(): void {
		this.#traces.clear();
	}
}
