/** The box's own engine under agents' sessions: what it computes, and how long each call waits. */

import type { Conversation } from '../../appliance/protocol/conversation.ts';
import type { LocalEngine } from '../../appliance/protocol/ports.ts';
import { createLocalEngine } from '../../appliance/provider/local/local-engine.ts';
import { digestOfText } from '../../appliance/provider/local/prefix/token-blocks.ts';
import { LocalTimes } from '../../appliance/router/local-times.ts';

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
	readonly session: string;
	readonly conversation: Conversation;
	readonly outputTokens: number;
}

export interface Measured {
	readonly text: string;
	readonly promptTokens: number;
	readonly computedTokens: number;
	readonly firstMs: number;
	readonly totalMs: number;
	readonly expectedMs: number | undefined;
}

export class Ours {
	readonly engine: LocalEngine;
	readonly times = new LocalTimes();

	constructor({ modelPath, contextTokens, slots, threads, folder, teamPrompt }: OursOptions) {
		const silent = { info: () => undefined, warn: () => undefined, error: (fields: object, text: string) => console.error(text, fields) };
		this.engine = createLocalEngine({
			...{ modelPath, contextTokens, slots, threads, queueLength: 64, prefillChunkTokens: 256, log: silent },
			clock: { nowMs: () => performance.now(), wallMs: () => Date.now() },
			prefix: {
				...{ folder, keyFile: `${folder}/key`, diskBytes: 4e9, diskBytesADay: 8e9, restMs: 0, windowStateBytes: 24 * 1024 ** 2 },
				...{ teamPrompts: [digestOfText(teamPrompt)], calibration: 'none' },
			},
		});
	}

	async untilReady(): Promise<void> {
		while (this.engine.status().state !== 'ready') {
			const { state, detail } = this.engine.status();
			if (state === 'failed' || state === 'absent') throw new Error(`the engine is ${state}: ${detail}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}

	async ask({ member, session, conversation, outputTokens }: Asked): Promise<Measured> {
		const hasCompany = this.engine.status().busySlots > 0;
		const mark = { memberId: member, session, prefixDigest: 'team' };
		const expectedMs = this.#expect(conversation, this.times.forecast(mark, hasCompany), outputTokens);
		const startedMs = performance.now();
		let firstMs = 0;
		let text = '';
		let usage: { readonly inputTokens: number; readonly cacheReadTokens: number; readonly outputTokens: number } | undefined;
		const request = { callId: 'c', memberId: member, affinityKey: session, conversation, allowedTools: undefined };
		const signal = new AbortController().signal;
		for await (const part of this.engine.answer({ ...request, maxOutputTokens: outputTokens, signal })) {
			if (part.type === 'text-delta') {
				if (firstMs === 0) firstMs = performance.now() - startedMs;
				text += part.text;
			}
			if (part.type === 'finish')
				usage = {
					inputTokens: part.usage.inputTokens ?? 0,
					cacheReadTokens: part.usage.cacheReadTokens ?? 0,
					outputTokens: part.usage.outputTokens ?? 0,
				};
		}
		const totalMs = performance.now() - startedMs;
		if (usage === undefined) throw new Error('an answer ended without its usage');
		const promptTokens = usage.inputTokens + usage.cacheReadTokens;
		this.times.note({
			...{ ...mark, role: 'inner', promptTokens, foundTokens: usage.cacheReadTokens, outputTokens: usage.outputTokens },
			...{ expectedMs, actualMs: totalMs, hadCompany: hasCompany },
		});
		return { text, promptTokens, computedTokens: usage.inputTokens, firstMs: firstMs || totalMs, totalMs, expectedMs };
	}

	/** As the router does: queue, prefill of what is not held, decode at depth, times what earlier estimates were off by. */
	#expect(conversation: Conversation, forecast: ReturnType<LocalTimes['forecast']>, outputTokens: number): number | undefined {
		const { rates } = this.engine.status();
		if (rates === undefined) return undefined;
		const characters = JSON.stringify(conversation.messages.map(({ content }) => content)).length;
		const tokens = Math.max(1, characters / rates.bytesPerToken - forecast.heldTokens);
		const output = Math.min(outputTokens, forecast.outputTokens.inner ?? outputTokens);
		const ms = (tokens / rates.prefillTokensPerSecond + output / rates.decodeTokensPerSecond) * 1_000;
		return rates.queueMs + ms * forecast.correction;
	}
}
