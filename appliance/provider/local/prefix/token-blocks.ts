/** Token blocks: the pieces that a prompt's prefix is known, shared and stored by. */

import { createHash } from 'node:crypto';

/** Few enough tokens that what lies behind the last border is soon computed, enough that a block is worth a file: 100 to 200 kB on E2B. */
export const BLOCK_TOKENS = 64;

const DIGEST_BYTES = 16;

/**
 * One digest for each whole block: it covers every token from the prompt's beginning, so equal digests mean equal prefixes.
 * @returns hex, floor(tokens / blockTokens) of them
 */
export function blockDigests(tokens: readonly number[], blockTokens = BLOCK_TOKENS): readonly string[] {
	const all = Uint32Array.from(tokens);
	const digests: string[] = [];
	let above = '';
	for (let end = blockTokens; end <= all.length; end += blockTokens) {
		const block = all.subarray(end - blockTokens, end);
		above = createHash('sha256')
			.update(above)
			.update(new Uint8Array(block.buffer, block.byteOffset, block.byteLength))
			.digest('hex')
			.slice(0, 2 * DIGEST_BYTES);
		digests.push(above);
	}
	return digests;
}

/** How a team's system text is named in the configuration. */
export function digestOfText(text: string): string {
	return createHash('sha256').update(text.trim()).digest('hex');
}
