/** Writes one reply: text until a call opens, then the call under its grammar. */

import type { LlamaGrammarEvaluationState, Token } from 'node-llama-cpp';
import type { ToolDefinition } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';
import type { FinishReason } from '../../../protocol/stream.ts';
import type { ReplyWriter } from '../reply/reply-writer.ts';
import { type GatePattern, TextGate } from '../reply/text-gate.ts';
import { TokenText } from '../reply/token-text.ts';
import { faultOf } from '../tools/call-validator.ts';
import type { ToolSyntax } from '../tools/tool-syntax.ts';
import { type DecodeOptions, decodeTokens } from './decode.ts';
import type { Slot } from './slot.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface ReplyFinish {
	readonly reason: FinishReason;
	readonly stopSequence: string | undefined;
}

export interface ReplyPlan {
	readonly prompt: readonly Token[];
	readonly capTokens: number;
	readonly tools: readonly ToolDefinition[];
	readonly syntax: ToolSyntax;
	readonly stopSequences: readonly string[];
	readonly thinkingMarks: { readonly open: string; readonly close: string } | undefined;
	/** Matches the whole text answer; undefined for free text. */
	readonly makeAnswerGrammar: (() => LlamaGrammarEvaluationState) | undefined;
	readonly makeCallGrammar: () => LlamaGrammarEvaluationState;
}

type Mark = 'stop' | 'call' | 'think' | 'think-end';

export class ReplyRun {
	readonly #plan: ReplyPlan;
	readonly #slot: Slot;
	readonly #vocabulary: Vocabulary;
	readonly #writer: ReplyWriter;
	readonly #decode: Omit<DecodeOptions, 'grammar'>;
	/** Every token of the reply so far. */
	readonly #reply: Token[] = [];

	constructor(plan: ReplyPlan, slot: Slot, vocabulary: Vocabulary, writer: ReplyWriter, decode: Omit<DecodeOptions, 'grammar'>) {
		this.#plan = plan;
		this.#slot = slot;
		this.#vocabulary = vocabulary;
		this.#writer = writer;
		this.#decode = decode;
	}

	/** Tokens written, the end of the turn included. */
	get outputTokens(): number {
		return this.#reply.length;
	}

	async writeText(): Promise<ReplyFinish> {
		const { plan } = { plan: this.#plan };
		let gate = new TextGate<Mark>(this.#textPatterns());
		let isThinking = false;
		const decoder = this.#newDecoder();
		const starts: number[] = [];
		let written = '';
		const release = (text: string, probabilities: readonly number[]): void =>
			isThinking ? this.#writer.thinking(text) : this.#writer.text(text, probabilities);
		const options = { ...this.#decode, grammar: plan.makeAnswerGrammar?.() };
		for await (const { token, probability, isEnd } of decodeTokens(this.#slot.sequence, this.#pending(), options)) {
			this.#reply.push(token);
			starts.push(written.length);
			let text = isEnd ? decoder.flush() : decoder.push(token);
			written += text;
			while (true) {
				const { text: released, probabilities, hit } = gate.push(text, probability);
				release(released, probabilities);
				if (hit === undefined) break;
				if (hit.kind === 'stop') return this.#finish('stop-sequence', hit.text);
				if (hit.kind === 'call') {
					const at = starts.findLastIndex((start) => start <= written.length - hit.rest.length - hit.text.length);
					const offset = written.length - hit.rest.length - hit.text.length;
					this.#reply.length = at;
					return this.writeCalls(written.slice(starts[at], offset));
				}
				this.#writer.close();
				isThinking = hit.kind === 'think';
				gate = new TextGate<Mark>(isThinking ? [this.#thinkEnd()] : this.#textPatterns());
				text = hit.rest;
			}
			if (isEnd || this.#reply.length >= plan.capTokens) {
				const rest = gate.flush();
				release(rest.text, rest.probabilities);
				return this.#finish(isEnd ? 'stop' : 'length', undefined);
			}
		}
		return this.#finish('stop', undefined);
	}

	/** `before` is text of the reply that no token in it covers yet. */
	async writeCalls(before = ''): Promise<ReplyFinish> {
		const { syntax, tools, capTokens } = this.#plan;
		this.#reply.push(...this.#vocabulary.tokenize([before + syntax.lead]));
		const decoder = this.#newDecoder(syntax.visibleTokens);
		const probabilities: number[] = [];
		let text = '';
		let isWhole = false;
		const options = { ...this.#decode, grammar: this.#plan.makeCallGrammar() };
		for await (const { token, probability, isEnd } of decodeTokens(this.#slot.sequence, await this.#realign(), options)) {
			this.#reply.push(token);
			isWhole = isEnd;
			if (isEnd) break;
			probabilities.push(probability);
			text += decoder.push(token);
			if (this.#reply.length >= capTokens) break;
		}
		const calls = syntax.read(text + decoder.flush());
		if (calls === undefined) return this.#unreadable(isWhole);
		for (const call of calls) {
			const fault = faultOf(call, tools);
			if (fault !== undefined)
				throw new Problem('local-failed', `The local model wrote a tool call that does not fit its schema: ${fault}.`);
		}
		for (const call of calls) this.#writer.toolCall(call.name, call.input, probabilities);
		return this.#finish('tool-calls', undefined);
	}

	#unreadable(isWhole: boolean): ReplyFinish {
		if (!isWhole) return this.#finish('length', undefined);
		throw new Problem('local-failed', 'The local model wrote a tool call that cannot be read.');
	}

	#finish(reason: FinishReason, stopSequence: string | undefined): ReplyFinish {
		this.#writer.close();
		return { reason, stopSequence };
	}

	/** What is not evaluated yet of prompt and reply. */
	#pending(): readonly Token[] {
		return [...this.#plan.prompt, ...this.#reply].slice(this.#slot.sequence.nextTokenIndex);
	}

	/** Like `#pending`, after the slot may hold tokens that were taken back. */
	async #realign(): Promise<readonly Token[]> {
		const all = [...this.#plan.prompt, ...this.#reply];
		await this.#slot.align(all.slice(0, -1));
		return this.#pending();
	}

	#newDecoder(visible: Readonly<Record<string, string>> = {}): TokenText<Token> {
		const { thinkingMarks, syntax, tools } = this.#plan;
		const texts: Record<string, string> = { ...visible };
		if (thinkingMarks !== undefined) for (const mark of controlMarks(thinkingMarks)) texts[mark] = mark;
		if (tools.length > 0) texts[syntax.opener] = syntax.opener;
		const shown = new Map<Token, string>();
		for (const [text, shownAs] of Object.entries(texts)) {
			const token = this.#vocabulary.controlToken(text);
			if (token !== undefined) shown.set(token, shownAs);
		}
		return new TokenText(this.#slot.sequence.model, shown);
	}

	#textPatterns(): readonly GatePattern<Mark>[] {
		const { stopSequences, tools, syntax, thinkingMarks } = this.#plan;
		const patterns: GatePattern<Mark>[] = stopSequences.map((text) => ({ kind: 'stop', text }));
		if (tools.length > 0) patterns.push({ kind: 'call', text: syntax.opener });
		if (thinkingMarks !== undefined) patterns.push({ kind: 'think', text: thinkingMarks.open });
		return patterns;
	}

	#thinkEnd(): GatePattern<Mark> {
		return { kind: 'think-end', text: this.#plan.thinkingMarks?.close ?? '' };
	}
}

/** The tokens among the marks' texts: `<|channel>` of `<|channel>thought\n`. */
function controlMarks({ open, close }: { readonly open: string; readonly close: string }): readonly string[] {
	return [open, close].map((mark) => /^<[^>]*>/.exec(mark)?.[0] ?? mark);
}
