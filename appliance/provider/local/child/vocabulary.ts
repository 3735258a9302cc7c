/** What the engine asks of a model's vocabulary: control tokens, and text to tokens piece by piece. */

import type { LlamaModel, Token } from 'node-llama-cpp';

export class Vocabulary {
	readonly #model: LlamaModel;
	/** Texts that must not come out of a caller's string as tokens. */
	readonly controlTexts: readonly string[];
	readonly #controlTokens = new Map<string, Token>();

	/** `template` tells which of the user-defined tokens serve as marks of the chat format. */
	constructor(model: LlamaModel, template: string) {
		this.#model = model;
		for (const token of model.iterateAllTokens()) {
			const { control, userDefined, unknown } = model.getTokenAttributes(token);
			if (!control && !userDefined && !unknown) continue;
			const text = model.detokenize([token], true);
			if (control || unknown || isMark(text, template)) this.#controlTokens.set(text, token);
		}
		this.controlTexts = [...this.#controlTokens.keys()].filter((text) => text !== '');
	}

	/** The control token of exactly this text. */
	controlToken(text: string): Token | undefined {
		return this.#controlTokens.get(text);
	}

	/** Pieces are tokenized one by one, so that nothing forms across their borders. */
	tokenize(pieces: readonly string[]): Token[] {
		const tokens: Token[] = [];
		for (const piece of pieces) {
			if (piece === '') continue;
			const isFirst = tokens.length === 0;
			for (const token of this.#model.tokenize(piece, true, isFirst ? undefined : 'trimLeadingSpace')) tokens.push(token);
		}
		return tokens;
	}

	/** The prompt's tokens: one beginning-of-sequence token where the model wants one, whether or not the template wrote it. */
	tokenizePrompt(pieces: readonly string[]): Token[] {
		const tokens = this.tokenize(pieces);
		const { bos, shouldPrependBosToken } = this.#model.tokens;
		if (bos !== null && shouldPrependBosToken && tokens[0] !== bos) tokens.unshift(bos);
		return tokens;
	}
}

/** User-defined tokens are ordinary text too (runs of blanks, HTML tags), unless the chat format uses them. */
function isMark(text: string, template: string): boolean {
	return text.trim() !== '' && (text.startsWith('<|') || text.endsWith('|>') || (text.length > 2 && template.includes(text)));
}
