/** The box's own engine under agents' sessions: what it computes, and how long each call waits. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Conversation } from '../../appliance/protocol/conversation.ts';
import { createLocalEngine } from '../../appliance/provider/local/local-engine.ts';
import { digestOfText } from '../../appliance/provider/local/prefix/token-blocks.ts';
import { processorMs } from '../../test/support/child-program.ts';
import type { Read } from './peers.ts';

export interface OursOptions {
	readonly modelPath: string;
	readonly contextTokens: number;
	readonly slots: number;
	readonly threads: number;
	readonly folder: string;
	readonly teamPrompt: string;
}

export interface Asked {
	readonly member: string;
	readonly conversation: Conversation;
	readonly outputTokens: number;
}

/** Times are those to the first word. */
export interface Measured extends Read {
	readonly text: string;
}

/** An engine that has used no processor for so long has written all that it had to write. */
const QUIET_MS = 600;
const LONGEST_WAIT_MS = 120_000;

export class Ours {
	readonly #engine: ReturnType<typeof createLocalEngine>;

	constructor({ modelPath, contextTokens, slots, threads, folder, teamPrompt }: OursOptions) {
		const silent = { info: () => undefined, warn: () => undefined, error: (fields: object, text: string) => console.error(text, fields) };
		this.#engine = createLocalEngine({
			...{ modelPath, contextTokens, slots, threads, queueLength: 64, prefillChunkTokens: 256, log: silent },
			clock: { nowMs: () => performance.now(), wallMs: () => Date.now() },
			prefix: {
				...{ folder, keyFile: `${folder}/key`, diskBytes: 4e9, diskBytesADay: 8e9, restMs: 0, windowStateBytes: 24 * 1024 ** 2 },
				...{ teamPrompts: [digestOfText(teamPrompt)], calibration: 'none' },
			},
		});
	}

	/** Ready, and done with what it does in the background. */
	async untilQuiet(): Promise<void> {
		const endMs = performance.now() + LONGEST_WAIT_MS;
		while (this.#engine.status().state !== 'ready') {
			const { state, detail } = this.#engine.status();
			if (state === 'failed' || state === 'absent') throw new Error(`the engine is ${state}: ${detail}`);
			await delay(50);
		}
		for (let before = -1, now = this.#processorMs(); now !== before && performance.now() < endMs; now = this.#processorMs()) {
			before = now;
			await delay(QUIET_MS);
		}
	}

	async ask({ member, conversation, outputTokens }: Asked): Promise<Measured> {
		const begun = { ms: performance.now(), processorMs: this.#processorMs() };
		let first: { readonly ms: number; readonly processorMs: number } | undefined;
		let text = '';
		let tokens: { readonly found: number; readonly computed: number } | undefined;
		const call = { callId: 'c', memberId: member, affinityKey: member, conversation, allowedTools: undefined };
		for await (const part of this.#engine.answer({ ...call, maxOutputTokens: outputTokens, signal: new AbortController().signal })) {
			if (part.type === 'text-delta' || part.type === 'finish') {
				first ??= { ms: performance.now() - begun.ms, processorMs: this.#processorMs() - begun.processorMs };
			}
			if (part.type === 'text-delta') text += part.text;
			if (part.type === 'finish') tokens = { found: part.usage.cacheReadTokens ?? 0, computed: part.usage.inputTokens ?? 0 };
		}
		if (tokens === undefined || first === undefined) throw new Error('an answer ended without its usage');
		return { text, promptTokens: tokens.found + tokens.computed, computedTokens: tokens.computed, ...first };
	}

	/** Tokens of a prompt as it would be sent. */
	count(conversation: Conversation): Promise<number> {
		return this.#engine.countTokens(conversation, new AbortController().signal);
	}

	close(): Promise<void> {
		return this.#engine.close();
	}

	#processorMs(): number {
		return processorMs([this.#engine.childPid ?? 0]);
	}
}
