/** A store of prefixes under constant use: sessions come, are found again, and make room for others. */

import { join } from 'node:path';
import { BlockStore } from '../../appliance/provider/local/prefix/block-store.ts';
import { openSeal } from '../../appliance/provider/local/prefix/seal.ts';
import { blockDigests } from '../../appliance/provider/local/prefix/token-blocks.ts';

export interface SoakOptions {
	readonly folder: string;
	readonly rounds: number;
	readonly blockBytes: number;
	readonly mostBytes: number;
	/** The store is closed and opened again after so many rounds. */
	readonly reopenEvery: number;
	readonly onSample?: (sample: SoakSample) => void;
}

export interface SoakSample {
	readonly round: number;
	readonly bytes: number;
	readonly blocks: number;
	readonly heapBytes: number;
	readonly roundMs: number;
}

export interface SoakResult {
	readonly samples: readonly SoakSample[];
	/** Rows that came back otherwise than they went. */
	readonly wrong: number;
	readonly dropped: number;
}

const SESSIONS = 40;
const PROMPT_BLOCKS = 12;
const SAMPLES = 10;

export async function soak({ folder, rounds, blockBytes, mostBytes, reopenEvery, onSample }: SoakOptions): Promise<SoakResult> {
	const seal = openSeal(join(folder, 'key'), () => undefined);
	const openStore = async () => {
		const opened = new BlockStore({
			folder: join(folder, 'blocks'),
			seal,
			mostBytes,
			mostBytesADay: Number.MAX_SAFE_INTEGER,
			nowMs: Date.now,
		});
		await opened.open();
		return opened;
	};
	let store = await openStore();
	const samples: SoakSample[] = [];
	let [wrong, dropped] = [0, 0];
	for (let round = 1; round <= rounds; round += 1) {
		const startedMs = performance.now();
		wrong += await oneSession(store, round, blockBytes);
		if (round % reopenEvery === 0) {
			dropped += store.facts().dropped;
			store = await openStore();
		}
		if (round % Math.ceil(rounds / SAMPLES) !== 0) continue;
		const { bytes, blocks } = store.facts();
		const sample = { round, bytes, blocks, heapBytes: process.memoryUsage().heapUsed, roundMs: performance.now() - startedMs };
		samples.push(sample);
		onSample?.(sample);
	}
	return { samples, wrong, dropped: dropped + store.facts().dropped };
}

/** Popular sessions come again and again, others once. */
async function oneSession(store: BlockStore, round: number, blockBytes: number): Promise<number> {
	const session = round % 3 === 0 ? round : (round * 7) % SESSIONS;
	const digests = blockDigests(Array.from({ length: PROMPT_BLOCKS * 64 }, (_, index) => (index < 256 ? index : index * 31 + session)));
	let wrong = 0;
	for (const [index, digest] of digests.entries()) {
		const rows = Buffer.alloc(blockBytes, digest);
		const found = await store.get('block', digest);
		if (found !== undefined && !found.equals(rows)) wrong += 1;
		if (found === undefined) await store.put('block', digest, digests[index - 1] ?? '', rows);
	}
	store.use(digests);
	await store.flush();
	return wrong;
}
