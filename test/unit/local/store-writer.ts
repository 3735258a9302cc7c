/** A process that writes sessions into a store of blocks without end, and says after each step what it has done: to be killed. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlockStore } from '../../../appliance/provider/local/prefix/block-store.ts';
import { openSeal } from '../../../appliance/provider/local/prefix/seal.ts';

export const SESSION_BLOCKS = 6;

/** Of block `index` of a session; the first two blocks are the same for all. */
export function digestOf(session: number, index: number): string {
	return `${index < 2 ? 'team' : `s${session}`}-${index}`.padEnd(32, '0');
}

export function rowsOf(kind: 'block' | 'point', digest: string): Buffer {
	return Buffer.alloc(kind === 'block' ? 6_000 : 1_500, `${kind} ${digest} `);
}

export async function openStore(folder: string, mostBytes: number): Promise<BlockStore> {
	const seal = openSeal(join(folder, 'key'), () => undefined);
	const store = new BlockStore({
		folder: join(folder, 'blocks'),
		seal,
		mostBytes,
		mostBytesADay: Number.MAX_SAFE_INTEGER,
		nowMs: Date.now,
	});
	await store.open();
	return store;
}

async function writeSession(store: BlockStore, session: number): Promise<void> {
	for (let index = 0; index < SESSION_BLOCKS; index += 1) {
		const digest = digestOf(session, index);
		await store.put('block', digest, index === 0 ? '' : digestOf(session, index - 1), rowsOf('block', digest));
		store.setReach(digest, ['ada'], index < 2);
		process.stdout.write('put\n');
	}
	const last = digestOf(session, SESSION_BLOCKS - 1);
	await store.put('point', last, digestOf(session, SESSION_BLOCKS - 2), rowsOf('point', last));
	store.use([digestOf(session, 0), digestOf(session, 1)]);
	process.stdout.write('put\n');
	await store.flush();
	process.stdout.write(`flushed ${session}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const [, , folder = '', firstSession = '', mostBytes = ''] = process.argv;
	process.stdout.write('opening\n');
	const store = await openStore(folder, Number(mostBytes));
	process.stdout.write('open\n');
	for (let session = Number(firstSession); ; session += 1) await writeSession(store, session);
}
