/** Long logs summed up by the box's own model while nobody calls, for when the same log appears anew. */

import { foldStream } from '../../protocol/fold-stream.ts';
import type { LocalEngine } from '../../protocol/ports.ts';
import { trimText } from '../../router/diet/trim-text.ts';
import type { IdleWork } from '../idle-work.ts';

/** Summaries that are remembered, in memory alone; the oldest goes first. */
const MOST_SUMMARIES = 256;
const MOST_OUTPUT_TOKENS = 120;
const MOST_CHARACTERS = 600;
/** What is left of the window for a log, in characters a token of the window. */
const CHARACTERS_PER_TOKEN = 2;

export class SummaryDesk {
	readonly #engine: LocalEngine;
	readonly #idle: IdleWork;
	/** By member and digest. */
	readonly #summaries = new Map<string, string>();

	constructor(engine: LocalEngine, idle: IdleWork) {
		this.#engine = engine;
		this.#idle = idle;
	}

	/** What is ready now; where nothing is, it is made for later. */
	summaryOf(memberId: string, digest: string, log: string, longLogLines: number): string | undefined {
		const key = `${memberId} ${digest}`;
		const known = this.#summaries.get(key);
		if (known !== undefined) return known;
		const cut = trimText(log, 'log', longLogLines);
		if (cut === undefined || !cut.rules.includes('long-log') || this.#engine.status().state !== 'ready') return undefined;
		const task = async (signal: AbortSignal): Promise<void> => {
			const summary = await this.#sumUp(memberId, cut.text, signal);
			if (summary !== '') this.#remember(key, summary);
		};
		this.#idle.offer('summary', task, key);
		return undefined;
	}

	/** Of what the rules leave of it: that fits the window of a small model. */
	async #sumUp(memberId: string, log: string, signal: AbortSignal): Promise<string> {
		const { contextTokens } = this.#engine.status();
		const text = log.slice(-contextTokens * CHARACTERS_PER_TOKEN + MOST_CHARACTERS);
		const parts = this.#engine.answer({
			callId: 'summary',
			memberId,
			affinityKey: 'summary',
			conversation: {
				messages: [
					{ role: 'user', content: [{ type: 'text', text: `Say in two sentences what this log tells, errors first:\n\n${text}` }] },
				],
				tools: [],
				toolChoice: 'none',
				isParallelToolUseAllowed: false,
				outputCapTokens: MOST_OUTPUT_TOKENS,
				temperature: 0,
				topP: undefined,
				topK: undefined,
				seed: 1,
				stopSequences: [],
				outputSchema: undefined,
			},
			allowedTools: [],
			maxOutputTokens: MOST_OUTPUT_TOKENS,
			signal,
		});
		const { content } = await foldStream(parts);
		const said = content.flatMap((one) => (one.type === 'text' ? [one.text] : [])).join(' ');
		return said.replace(/\s+/g, ' ').trim().slice(0, MOST_CHARACTERS);
	}

	#remember(key: string, summary: string): void {
		this.#summaries.delete(key);
		this.#summaries.set(key, summary);
		const [oldest] = this.#summaries.keys();
		if (this.#summaries.size > MOST_SUMMARIES && oldest !== undefined) this.#summaries.delete(oldest);
	}
}
