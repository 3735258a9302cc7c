/** What a stored block is worth: tokens that it saves × how often it did, lately ÷ its bytes. */

import type { StoredBlock } from './block-store.ts';
import { BLOCK_TOKENS } from './token-blocks.ts';

/** Uses count half after so long. */
const HALF_LIFE_MS = 3 * 86_400_000;

function worthOf({ uses, lastUseMs, blockBytes, pointBytes }: StoredBlock, nowMs: number): number {
	const freshness = 0.5 ** (Math.max(0, nowMs - lastUseMs) / HALF_LIFE_MS);
	return (BLOCK_TOKENS * (1 + uses) * freshness) / (blockBytes + pointBytes);
}

/** Only the last block of a line can go: those before it carry it. `kept` are not touched. */
export function leastWorth(blocks: Iterable<StoredBlock>, kept: ReadonlySet<string>, nowMs: number): StoredBlock | undefined {
	let least: StoredBlock | undefined;
	let leastWorth = Number.POSITIVE_INFINITY;
	for (const block of blocks) {
		if (block.stored > 0 || kept.has(block.digest)) continue;
		const worth = worthOf(block, nowMs);
		if (worth < leastWorth) [least, leastWorth] = [block, worth];
	}
	return least;
}
