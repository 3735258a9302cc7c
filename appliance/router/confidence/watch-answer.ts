/** Watches an answer part by part: releases it step by step, and stops at the first step that is doubted. */

import type { ConfidenceSettings, Doubt, DoubtBar } from '../../protocol/confidence.ts';
import type { Conversation, ToolDefinition } from '../../protocol/conversation.ts';
import type { StreamPart } from '../../protocol/stream.ts';
import { StepCutter, type TextStep } from './cut-steps.ts';
import type { Begun } from './join-parts.ts';
import { parseJson } from './json-text.ts';
import { leastProbability, stepScore } from './step-score.ts';
import { readTranscript, type Transcript } from './transcript.ts';
import { doubtsOfCall, type WrittenCall } from './verify-call.ts';
import { doubtsOfText, doubtsOfWhole } from './verify-text.ts';

export interface WatchOptions {
	readonly settings: Pick<ConfidenceSettings, 'isVerified' | 'isWatched'>;
	readonly bar: DoubtBar;
	readonly conversation: Conversation;
	/** Longest that what is asked for can sensibly be. */
	readonly mostCharacters: number | undefined;
	/** Posterior of "sure" for a step's score; takes the step into what it was fitted to. */
	readonly judgeStep: (score: number) => number;
	/** What is wrong with a call by its tool's schema. */
	readonly faultOfCall: (call: WrittenCall, tools: readonly ToolDefinition[]) => string | undefined;
	/** Whether somebody can go on after what was released; else it is too late for doubts. */
	readonly canGoOn: (released: Begun) => boolean;
}

export interface Watched {
	/** May go to the caller now. */
	readonly release: readonly StreamPart[];
	/** Empty goes on. Otherwise nothing more of this answer is released. */
	readonly doubts: readonly Doubt[];
}

const NOTHING: Watched = { release: [], doubts: [] };

type CallParts = { readonly start: Extract<StreamPart, { type: 'tool-call-start' }>; json: string; probabilities: number[] };

export class AnswerWatch {
	readonly #options: WatchOptions;
	readonly #transcript: Transcript;
	/** A structured answer or a title is of use whole or not at all, as a tool call is. */
	readonly #isWhole: boolean;
	#cutter = new StepCutter();
	/** Steps of an answer that is of use whole only. */
	#held: TextStep[] = [];
	/** What was judged, or needs no judging, and waits for what it belongs to. */
	#pending: StreamPart[] = [];
	#pendingTokens = 0;
	#pendingAnswer: TextStep | undefined;
	#call: CallParts | undefined;
	#textIndex = 0;
	readonly #steps: string[] = [];
	#hasCall = false;
	#stepCount = 0;
	#lowest: number | undefined;
	#leastInCall: number | undefined;
	#releasedTokens = 0;
	#releasedText = '';
	#openText: number | undefined;
	#lastIndex = -1;

	constructor(options: WatchOptions) {
		this.#options = options;
		this.#transcript = readTranscript(options.conversation);
		this.#isWhole = options.conversation.outputSchema !== undefined || options.mostCharacters !== undefined;
	}

	take(part: StreamPart): Watched {
		switch (part.type) {
			case 'text-start':
				this.#textIndex = part.index;
				return this.#hold(part);
			case 'text-delta':
				return this.#text(part.text, part.probabilities ?? []);
			case 'text-end':
				return this.#endText(part);
			case 'tool-call-start':
				this.#call = { start: part, json: '', probabilities: [] };
				return NOTHING;
			case 'tool-call-delta':
				return this.#callPiece(part.json, part.probabilities ?? []);
			case 'tool-call-end':
				return this.#endCall(part);
			case 'finish':
				return this.#finish(part);
			case 'start':
				return { release: [part], doubts: [] };
			case 'error':
				return { release: [...this.#pending, part], doubts: [] };
			default:
				return this.#hold(part);
		}
	}

	/** What was judged so far, for the decision. */
	get figures() {
		return {
			steps: this.#stepCount,
			...(this.#lowest === undefined ? {} : { lowest: this.#lowest }),
			...(this.#leastInCall === undefined ? {} : { leastInCall: this.#leastInCall }),
			releasedTokens: this.#releasedTokens,
		};
	}

	/** What the caller has of it: where somebody else goes on. */
	get released(): Begun {
		return { text: this.#releasedText, tokens: this.#releasedTokens, openText: this.#openText, nextIndex: this.#lastIndex + 1 };
	}

	get hasReleased(): boolean {
		return this.#lastIndex >= 0;
	}

	#hold(part: StreamPart): Watched {
		this.#pending.push(part);
		return NOTHING;
	}

	#text(text: string, probabilities: readonly number[]): Watched {
		const steps = this.#cutter.push(text, probabilities);
		return this.#isWhole ? this.#holdSteps(steps) : this.#releaseSteps(steps);
	}

	#holdSteps(steps: readonly TextStep[]): Watched {
		this.#held.push(...steps);
		return NOTHING;
	}

	#releaseSteps(steps: readonly TextStep[]): Watched {
		const release: StreamPart[] = [];
		for (const step of steps) {
			const doubts = this.#judgeText(step);
			if (this.#mustStop(doubts)) return { release, doubts };
			const { text, probabilities } = step;
			release.push(...this.#letGo([{ type: 'text-delta', index: this.#textIndex, text, probabilities }], probabilities.length));
		}
		return { release, doubts: [] };
	}

	#mustStop(doubts: readonly Doubt[]): boolean {
		return doubts.length > 0 && (!this.hasReleased || this.#options.canGoOn(this.released));
	}

	#judgeText({ text, probabilities }: TextStep): readonly Doubt[] {
		const { settings, bar, judgeStep } = this.#options;
		this.#stepCount += 1;
		const doubts: Doubt[] = settings.isVerified ? [...doubtsOfText(text, this.#steps, this.#transcript)] : [];
		this.#steps.push(text);
		if (settings.isWatched && probabilities.length > 0 && text.trim() !== '') {
			const sure = judgeStep(stepScore(probabilities));
			this.#lowest = Math.min(this.#lowest ?? 1, sure);
			if (sure < bar.step) doubts.push('low-confidence');
		}
		return doubts;
	}

	/** The end of a block is held back, so that somebody else's text can still go on in it. */
	#endText(part: StreamPart): Watched {
		const last = this.#cutter.flush();
		this.#cutter = new StepCutter();
		const steps = [...this.#held, ...(last === undefined ? [] : [last])];
		this.#held = [];
		if (this.hasReleased) {
			const watched = this.#releaseSteps(steps);
			if (watched.doubts.length === 0) this.#pending.push(part);
			return watched;
		}
		return this.#holdAnswer(steps, part);
	}

	/** An answer of one step is not over before its finish: it may still be found empty or too long, or be asked for again. */
	#holdAnswer(steps: readonly TextStep[], part: StreamPart): Watched {
		const answer = joined(steps);
		const doubts = answer.text === '' ? [] : this.#judgeText(answer);
		if (doubts.length > 0) return { release: [], doubts };
		const { text, probabilities } = answer;
		this.#pending.push({ type: 'text-delta', index: this.#textIndex, text, probabilities }, part);
		this.#pendingTokens += probabilities.length;
		this.#pendingAnswer = answer;
		return NOTHING;
	}

	/** The whole text of an answer of which nothing was released yet. */
	get heldAnswer(): TextStep | undefined {
		return this.hasReleased ? undefined : this.#pendingAnswer;
	}

	#callPiece(json: string, probabilities: readonly number[]): Watched {
		if (this.#call === undefined) return NOTHING;
		this.#call.json += json;
		this.#call.probabilities.push(...probabilities);
		return NOTHING;
	}

	#endCall(part: Extract<StreamPart, { type: 'tool-call-end' }>): Watched {
		const call = this.#call;
		this.#call = undefined;
		if (call === undefined) return NOTHING;
		const { start, json, probabilities } = call;
		const doubts = this.#judgeCall(start.name, json, probabilities);
		if (this.#mustStop(doubts)) return { release: [], doubts };
		this.#hasCall = true;
		const delta = { type: 'tool-call-delta', index: start.index, json, probabilities } as const;
		return { release: this.#letGo([start, delta, part], probabilities.length), doubts: [] };
	}

	#judgeCall(name: string, json: string, probabilities: readonly number[]): readonly Doubt[] {
		const { settings, bar, conversation, faultOfCall } = this.#options;
		this.#stepCount += 1;
		const doubts: Doubt[] = [];
		if (settings.isVerified) {
			// A tool without arguments is called with none.
			const input = json === '' ? {} : parseJson(json);
			if (input === undefined || faultOfCall({ name, input }, conversation.tools) !== undefined) doubts.push('not-its-schema');
			if (input !== undefined) doubts.push(...doubtsOfCall({ name, input }, conversation.tools, this.#transcript));
		}
		if (settings.isWatched && probabilities.length > 0) {
			const least = leastProbability(probabilities);
			this.#leastInCall = Math.min(this.#leastInCall ?? 1, least);
			if (least < bar.toolCall) doubts.push('unsure-tool-call');
		}
		return doubts;
	}

	#finish(part: Extract<StreamPart, { type: 'finish' }>): Watched {
		const text = this.#steps.join('');
		const isCut = part.reason === 'length' || part.reason === 'refusal';
		const { settings, mostCharacters } = this.#options;
		const isStructured = this.#options.conversation.outputSchema !== undefined;
		const doubts =
			settings.isVerified && !this.hasReleased ? doubtsOfWhole({ text, hasCall: this.#hasCall, isCut, isStructured, mostCharacters }) : [];
		return doubts.length > 0 ? { release: [], doubts } : { release: this.#letGo([part], 0), doubts };
	}

	#letGo(parts: readonly StreamPart[], tokens: number): readonly StreamPart[] {
		const all = [...this.#pending, ...parts];
		this.#pending = [];
		this.#releasedTokens += tokens + this.#pendingTokens;
		this.#pendingTokens = 0;
		for (const part of all) this.#note(part);
		return all;
	}

	#note(part: StreamPart): void {
		if (part.type === 'text-start') this.#openText = part.index;
		if (part.type === 'text-end') this.#openText = undefined;
		if (part.type === 'text-delta') this.#releasedText += part.text;
		if ('index' in part) this.#lastIndex = Math.max(this.#lastIndex, part.index);
	}
}

const joined = (steps: readonly TextStep[]): TextStep => ({
	text: steps.map(({ text }) => text).join(''),
	probabilities: steps.flatMap(({ probabilities }) => probabilities),
});
