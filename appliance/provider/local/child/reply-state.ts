/** What a reply is made from, and the tokens it has so far. */

import type { LlamaGrammarEvaluationState, Token } from 'node-llama-cpp';
import type { ToolDefinition } from '../../../protocol/conversation.ts';
import type { ReplyWriter } from '../reply/reply-writer.ts';
import { TokenText } from '../reply/token-text.ts';
import type { ToolSyntax } from '../tools/tool-syntax.ts';
import type { DecodeOptions, FirstTokenBar } from './decode.ts';
import type { Slot } from './slot.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface ThinkingMarks {
	readonly open: string;
	readonly close: string;
}

export interface ReplyPlan {
	readonly prompt: readonly Token[];
	readonly capTokens: number;
	/** Those that may be called; empty when the reply is text only. */
	readonly tools: readonly ToolDefinition[];
	readonly syntax: ToolSyntax;
	readonly stopSequences: readonly string[];
	readonly thinkingMarks: ThinkingMarks | undefined;
	/** Matches the whole text of the answer; undefined for free text. */
	readonly makeAnswerGrammar: (() => LlamaGrammarEvaluationState) | undefined;
	readonly makeCallGrammar: (tools: readonly ToolDefinition[]) => LlamaGrammarEvaluationState;
	readonly makeBar: (token: Token) => FirstTokenBar;
}

export class ReplyState {
	readonly plan: ReplyPlan;
	readonly slot: Slot;
	readonly vocabulary: Vocabulary;
	readonly writer: ReplyWriter;
	readonly decode: Omit<DecodeOptions, 'grammar' | 'bar'>;
	/** Every token of the reply so far, the end of the turn included. */
	readonly tokens: Token[] = [];

	constructor(parts: Pick<ReplyState, 'plan' | 'slot' | 'vocabulary' | 'writer' | 'decode'>) {
		this.plan = parts.plan;
		this.slot = parts.slot;
		this.vocabulary = parts.vocabulary;
		this.writer = parts.writer;
		this.decode = parts.decode;
	}

	get isFull(): boolean {
		return this.tokens.length >= this.plan.capTokens;
	}

	/** Brings the slot in line with prompt and reply. @returns the tokens that are still to be evaluated, at least one. */
	async pending(): Promise<readonly Token[]> {
		const all = [...this.plan.prompt, ...this.tokens];
		const kept = await this.slot.align(all.slice(0, -1));
		return all.slice(kept);
	}

	/** A reader of tokens to which the marks of this reply are visible, and the given ones as well. */
	newReader(visible: Readonly<Record<string, string>>): TokenText<Token> {
		const { thinkingMarks, syntax, tools } = this.plan;
		const texts: Record<string, string> = { ...visible };
		if (tools.length > 0) texts[syntax.opener] = syntax.opener;
		for (const mark of thinkingMarks === undefined ? [] : [thinkingMarks.open, thinkingMarks.close]) {
			const tag = leadingTag(mark);
			texts[tag] = tag;
		}
		const shown = new Map<Token, string>();
		for (const [text, shownAs] of Object.entries(texts)) {
			const token = this.vocabulary.controlToken(text);
			if (token !== undefined) shown.set(token, shownAs);
		}
		return new TokenText(this.slot.sequence.model, shown);
	}
}

/** The token in a mark: `<|channel>` of `<|channel>thought\n`. */
function leadingTag(mark: string): string {
	return /^<[^>]*>/.exec(mark)?.[0] ?? mark;
}
