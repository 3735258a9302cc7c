/** Turns a scripted answer into what a model would generate: blocks, a cap that cuts them, and token counts with a prompt cache. */

import { createHash } from 'node:crypto';
import type { BilledTokens } from './bill.ts';
import type { Answer, JsonObject, Turn } from './script.ts';

/** Characters that the stand-in counts as one token; under 1 token a byte, so a byte bound always holds. */
const CHARACTERS_PER_TOKEN = 4;
/** Characters of one stream delta. */
const PIECE_CHARACTERS = 24;

export type Block =
	| { readonly type: 'text'; readonly pieces: readonly string[] }
	| { readonly type: 'thinking'; readonly pieces: readonly string[] }
	/** `pieces` is the JSON text of the input, perhaps cut short; `input` is empty then. */
	| {
			readonly type: 'tool';
			readonly id: string;
			readonly name: string;
			readonly namespace?: string;
			readonly input: JsonObject;
			readonly pieces: readonly string[];
	  }
	| { readonly type: 'freeform-tool'; readonly id: string; readonly name: string; readonly pieces: readonly string[] };

export interface Generation {
	readonly id: string;
	readonly model: string;
	readonly blocks: readonly Block[];
	readonly finish: 'stop' | 'tool-use' | 'length';
	readonly tokens: BilledTokens;
}

export function tokensOf(text: string): number {
	return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** Pieces of the text, together at most `capTokens` by the sum of `tokensOf` over the pieces. */
function cutIntoPieces(text: string, capTokens: number): { pieces: string[]; tokens: number; isCut: boolean } {
	const pieces: string[] = [];
	let tokens = 0;
	for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
		const room = (capTokens - tokens) * CHARACTERS_PER_TOKEN;
		const piece = text.slice(at, at + Math.min(PIECE_CHARACTERS, room));
		if (piece === '') return { pieces, tokens, isCut: true };
		pieces.push(piece);
		tokens += tokensOf(piece);
		if (piece.length < Math.min(PIECE_CHARACTERS, text.length - at)) return { pieces, tokens, isCut: true };
	}
	return { pieces, tokens, isCut: false };
}

/** What a vendor's prompt cache holds: every prefix of (system, tools, messages) seen before. */
export class PromptCache {
	readonly #seen = new Set<string>();

	/** Splits a call's input by rate; segments without cache marks are plain input. */
	count(model: string, segments: readonly string[], cacheLife: 'none' | '5m' | '1h'): Omit<BilledTokens, 'outputTokens'> {
		const counts = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, cacheWrite1hTokens: 0 };
		const hash = createHash('sha256').update(model);
		for (const segment of segments) {
			const tokens = tokensOf(segment);
			const key = hash.update('\0').update(segment).copy().digest('hex');
			if (cacheLife === 'none') counts.inputTokens += tokens;
			else if (this.#seen.has(key)) counts.cacheReadTokens += tokens;
			else if (cacheLife === '1h') counts.cacheWrite1hTokens += tokens;
			else counts.cacheWriteTokens += tokens;
			if (cacheLife !== 'none') this.#seen.add(key);
		}
		return counts;
	}
}

/** Parts of a body that a prompt cache compares, cache marks themselves left out. */
export function promptSegments(body: JsonObject): string[] {
	const plain = (value: unknown) => JSON.stringify(value, (key, inner) => (key === 'cache_control' ? undefined : inner)) ?? '';
	const listed = body.messages ?? body.input;
	const messages = Array.isArray(listed) ? listed : [listed];
	return [plain(body.tools), plain(body.system ?? body.instructions), ...messages.map(plain)].filter((segment) => segment !== '');
}

type Item = Answer['content'][number];

function textOf(item: Item): string {
	if (typeof item === 'string') return item;
	if ('thinking' in item) return item.thinking;
	return 'text' in item ? item.text : JSON.stringify(item.input);
}

function blockOf(item: Item, freshId: string, pieces: readonly string[], isCut: boolean): Block {
	if (typeof item === 'string') return { type: 'text', pieces };
	if ('thinking' in item) return { type: 'thinking', pieces };
	const id = item.id ?? freshId;
	if ('freeformTool' in item) return { type: 'freeform-tool', id, name: item.freeformTool, pieces };
	const { namespace } = item;
	return { type: 'tool', id, name: item.tool, ...(namespace === undefined ? {} : { namespace }), input: isCut ? {} : item.input, pieces };
}

export function generate(answer: Answer, turn: Turn, id: string, input: Omit<BilledTokens, 'outputTokens'>): Generation {
	const blocks: Block[] = [];
	let left = turn.outputCapTokens ?? Number.POSITIVE_INFINITY;
	let outputTokens = 0;
	let finish: Generation['finish'] = 'stop';
	for (const [position, item] of answer.content.entries()) {
		const text = textOf(item);
		const { pieces, tokens, isCut } = cutIntoPieces(text, left);
		left -= tokens;
		outputTokens += tokens;
		const block = blockOf(item, `toolu_${id}_${position}`, pieces, isCut);
		blocks.push(block);
		if (block.type === 'tool' || block.type === 'freeform-tool') finish = 'tool-use';
		if (isCut) {
			finish = 'length';
			break;
		}
	}
	return { id, model: turn.model, blocks, finish, tokens: { ...input, outputTokens, ...answer.usage } };
}
