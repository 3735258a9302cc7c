/** The free part of a reply: text and thinking, until it ends or a tool call opens. */

import type { FinishReason } from '../../../protocol/stream.ts';
import { isEndlessLoop } from '../reply/endless-loop.ts';
import { type GateHit, type GatePattern, TextGate } from '../reply/text-gate.ts';
import { decodeTokens, type FirstTokenBar } from './decode.ts';
import type { ReplyState } from './reply-state.ts';

export interface ReplyFinish {
	readonly reason: FinishReason;
	readonly stopSequence: string | undefined;
}

export type TextOutcome =
	| { readonly type: 'finish'; readonly finish: ReplyFinish }
	/** A call opens; `before` is text of the reply that no token in it covers any more. */
	| { readonly type: 'call'; readonly before: string };

type Mark = 'stop' | 'call' | 'think' | 'think-end';

export class TextStage {
	readonly #state: ReplyState;
	readonly #mayCall: boolean;
	#gate: TextGate<Mark>;
	#isThinking = false;
	/** All text so far, and where in it each token of this stage began. */
	#written = '';
	readonly #starts: number[] = [];
	readonly #firstToken: number;

	/** `mayCall` false ends the reply where a call would open. */
	constructor(state: ReplyState, mayCall: boolean) {
		this.#state = state;
		this.#mayCall = mayCall;
		this.#gate = new TextGate(this.#patterns());
		this.#firstToken = state.tokens.length;
	}

	async run(): Promise<TextOutcome> {
		const { tokens, plan, decode, slot } = this.#state;
		const reader = this.#state.newReader({});
		const options = { ...decode, grammar: plan.makeAnswerGrammar?.(), bar: this.#bar() };
		for await (const { token, probability, isEnd } of decodeTokens(slot.sequence, await this.#state.pending(), options)) {
			tokens.push(token);
			this.#starts.push(this.#written.length);
			const outcome = this.#take(isEnd ? reader.flush() : reader.push(token), probability);
			if (outcome !== undefined) return outcome;
			if (isEnd) return this.#end('stop');
			if (this.#state.isFull || isEndlessLoop(tokens, this.#firstToken)) return this.#end('length', reader.flush());
		}
		return this.#end('stop');
	}

	/** Releases what is no mark; a mark ends the stage or changes what the text is. */
	#take(text: string, probability: number): TextOutcome | undefined {
		this.#written += text;
		let rest = text;
		while (true) {
			const { text: released, probabilities, hit } = this.#gate.push(rest, probability);
			this.#release(released, probabilities);
			if (hit === undefined) return undefined;
			if (hit.kind === 'stop') return finish('stop-sequence', hit.text);
			if (hit.kind === 'call') return this.#open(hit);
			this.#state.writer.close();
			this.#isThinking = hit.kind === 'think';
			this.#gate = new TextGate(this.#patterns());
			rest = hit.rest;
		}
	}

	/** Takes back the tokens of the opener: the call is then led in by tokens of our own, and constrained from there. */
	#open(hit: GateHit<Mark>): TextOutcome {
		if (!this.#mayCall) return finish('stop', undefined);
		const offset = this.#written.length - hit.rest.length - hit.text.length;
		const at = this.#starts.findLastIndex((start) => start <= offset);
		this.#state.tokens.length = this.#firstToken + Math.max(0, at);
		return { type: 'call', before: this.#written.slice(this.#starts[at], offset) };
	}

	#end(reason: FinishReason, last = ''): TextOutcome {
		if (last !== '') this.#take(last, 1);
		const { text, probabilities } = this.#gate.flush();
		this.#release(text, probabilities);
		return finish(reason, undefined);
	}

	#release(text: string, probabilities: readonly number[]): void {
		if (this.#isThinking) this.#state.writer.thinking(text);
		else this.#state.writer.text(text, probabilities);
	}

	#patterns(): readonly GatePattern<Mark>[] {
		const { stopSequences, tools, syntax, thinkingMarks } = this.#state.plan;
		if (this.#isThinking) return [{ kind: 'think-end', text: thinkingMarks?.close ?? '' }];
		const patterns: GatePattern<Mark>[] = stopSequences.map((text) => ({ kind: 'stop', text }));
		if (tools.length > 0) patterns.push({ kind: 'call', text: syntax.opener });
		if (thinkingMarks !== undefined) patterns.push({ kind: 'think', text: thinkingMarks.open });
		return patterns;
	}

	/** Where no call may open, the reply does not begin with one. */
	#bar(): FirstTokenBar | undefined {
		const { tools, syntax, makeBar } = this.#state.plan;
		const opener = this.#state.vocabulary.tokenize([syntax.opener])[0];
		return this.#mayCall || tools.length === 0 || opener === undefined ? undefined : makeBar(opener);
	}
}

function finish(reason: FinishReason, stopSequence: string | undefined): TextOutcome {
	return { type: 'finish', finish: { reason, stopSequence } };
}
