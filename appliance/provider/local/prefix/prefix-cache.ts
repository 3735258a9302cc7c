/** Brings what is known of a prompt into a slot, from wherever it lies, and keeps what a slot has computed for others. */

import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import type { Slot } from '../child/slot.ts';
import { sharedPrefix } from '../child/slot-choice.ts';
import type { BlockStore, StoreFacts } from './block-store.ts';
import { type Found, PrefixTree } from './prefix-tree.ts';
import type { Scratch } from './scratch.ts';
import { SnapshotQueue } from './snapshot-queue.ts';
import { bytesPerToken, type ImageShape, StateImage } from './state-image.ts';
import { BLOCK_TOKENS, blockDigests } from './token-blocks.ts';
import { WindowPoints } from './window-points.ts';
import { type RowPiece, writeImage } from './write-image.ts';

export interface PrefixCacheOptions {
	/** Undefined: nothing passes from slot to slot, as on systems without a file system in memory. */
	readonly scratch: Scratch | undefined;
	/** Cells of a sliding-window cache; undefined without one. */
	readonly ringCells: number | undefined;
	/** Memory for the states of sliding windows. */
	readonly pointBytes: number;
	readonly onLog: (message: string) => void;
}

/** Where a prompt's known part came from. */
export type PrefixSource = 'slot' | 'other-slot' | 'disk' | 'none';

export interface Brought {
	readonly tokens: number;
	/** Leading blocks that a prompt before had: where a branch begins. */
	readonly knownBlocks: number;
	readonly source: PrefixSource;
}

export interface Keeping {
	readonly member: string;
	/** Session and agent. */
	readonly key: string;
	/** Other conversations begin with it. */
	readonly isHead: boolean;
}

export interface PrefixFacts {
	readonly knownBlocks: number;
	readonly windowBytes: number;
	readonly store: StoreFacts | undefined;
}

/** Copying a state is a matter of milliseconds, but not for a few tokens. */
const LEAST_GAIN_TOKENS = BLOCK_TOKENS;
/** Rows are read and written in pieces of so many blocks. */
const PIECE_BLOCKS = 16;

export class PrefixCache {
	readonly tree = new PrefixTree();
	readonly #options: PrefixCacheOptions;
	readonly #points: WindowPoints;
	readonly #slots: readonly Slot[];
	#shape: ImageShape | undefined;
	#store: BlockStore | undefined;
	#queue: SnapshotQueue | undefined;

	constructor(slots: readonly Slot[], options: PrefixCacheOptions) {
		this.#slots = slots;
		this.#options = options;
		this.#points = new WindowPoints(options.pointBytes);
	}

	/** What a state of this model looks like; undefined until it was learned, or where it is of a kind that cannot be shared. */
	get shape(): ImageShape | undefined {
		return this.#shape;
	}

	/** Reads the shape of states from a slot that holds at least one token. */
	async learnShape(slot: Slot): Promise<void> {
		if (this.#options.scratch === undefined) return this.#options.onLog('There is no /dev/shm: prefixes are not shared between slots.');
		try {
			const image = await this.#imageOf(slot.sequence, this.#options.scratch);
			this.#shape = image.image.shape;
			image.close();
		} catch (error) {
			this.#options.onLog(`Prefixes are not shared between slots or stored: ${error instanceof Error ? error.message : String(error)}.`);
		}
	}

	/** From now on prefixes also come from disk and go there. */
	useStore(store: BlockStore, restMs: number): void {
		const lines = new Map<string, readonly string[]>();
		for (const { digest, above, senders, isTeam, pointBytes } of store.blocks()) {
			const line = [...(lines.get(above) ?? []), digest];
			lines.set(digest, line);
			this.tree.restore(line, { senders, isTeam, hasPoint: pointBytes > 0 });
		}
		this.#store = store;
		this.#queue = new SnapshotQueue(store, restMs, {
			onStored: (digests, member) => this.tree.store(digests, member),
			onEvicted: (digests) => {
				for (const digest of digests) this.tree.unstore(digest);
			},
			keepersOf: (digest) => this.tree.keepersOf(digest),
			onLog: this.#options.onLog,
		});
	}

	facts(): PrefixFacts {
		return { knownBlocks: this.tree.size, windowBytes: this.#points.bytes, store: this.#store?.facts() };
	}

	/** Blocks of a prompt that are not the last one's rest. */
	digestsOf(tokens: readonly number[]): readonly string[] {
		return blockDigests(tokens);
	}

	/**
	 * Afterwards the slot holds the longest prefix of `body` that `member` may use and that is right to the last bit.
	 * What another member alone has sent is as if it were not there.
	 */
	async bring(slot: Slot, body: readonly Token[], digests: readonly string[], member: string): Promise<Brought> {
		const found = this.tree.find(digests, member);
		const { knownBlocks } = found;
		const own = this.#ownPart(slot, body, found, member);
		const best = this.#bestElsewhere(slot, body, found);
		slot.owner = member;
		if (best !== undefined && best.blocks * BLOCK_TOKENS >= own + LEAST_GAIN_TOKENS) {
			const source = await this.#restore(slot, body, digests, best);
			if (source !== undefined) return { tokens: best.blocks * BLOCK_TOKENS, source, knownBlocks };
		}
		const tokens = await slot.keep(Math.min(own, slot.keepable(Math.min(own, sharedPrefix(slot.tokens, body)))));
		return { tokens, source: tokens > 0 ? 'slot' : 'none', knownBlocks };
	}

	/** To be called when the slot holds exactly `depth` tokens of the prompt, at a border of blocks. */
	async keep(slot: Slot, depth: number, digests: readonly string[], keeping: Keeping): Promise<void> {
		const line = digests.slice(0, depth / BLOCK_TOKENS);
		const last = line.at(-1);
		if (last === undefined || this.#shape === undefined || this.#options.scratch === undefined) return;
		const isPointMissing = this.#options.ringCells !== undefined && this.#points.get(last) === undefined;
		const isBlockMissing = this.#store !== undefined && !this.tree.keepersOf(last).senders.includes(keeping.member);
		if (!isPointMissing && this.#options.ringCells !== undefined) this.tree.keepPoint(line, keeping.member);
		if (!isPointMissing && !isBlockMissing) return;
		const { image, close } = await this.#imageOf(slot.sequence, this.#options.scratch);
		const window = image.windowRows()?.rows;
		if (window !== undefined && isPointMissing) this.#addPoint(line, window, keeping.member);
		if (this.#queue === undefined) return close();
		this.#queue.add({
			member: keeping.member,
			key: `${keeping.member}/${keeping.key}`,
			image,
			digests: line,
			window,
			isHead: keeping.isHead,
			close,
		});
	}

	/** The slot's contents have changed: others may find them now, as far as they may. */
	hold(slot: Slot, promptDigests: readonly string[]): void {
		const held = this.digestsOf(slot.tokens);
		this.tree.hold(slot.number, held, slot.owner);
		const computed = promptDigests.slice(0, sharedPrefixOf(held, promptDigests));
		this.tree.send(computed, slot.owner);
	}

	async flush(): Promise<void> {
		await this.#queue?.flush();
		await this.#store?.flush();
	}

	close(): void {
		this.#options.scratch?.close();
	}

	/** Of the slot's own contents: every shared token for the member who was here last, whole common blocks for others. */
	#ownPart(slot: Slot, body: readonly Token[], found: Found, member: string): number {
		const shared = sharedPrefix(slot.tokens, body);
		const visible = slot.owner === member ? shared : Math.min(shared, (found.bySlot.get(slot.number) ?? 0) * BLOCK_TOKENS);
		return slot.keepable(visible);
	}

	/** The deepest border of blocks that a state can be put together for. */
	#bestElsewhere(slot: Slot, body: readonly Token[], found: Found): Source | undefined {
		if (this.#shape === undefined || this.#options.scratch === undefined) return undefined;
		const most = Math.floor(body.length / BLOCK_TOKENS);
		const bySlot = [...found.bySlot].filter(([number]) => number !== slot.number || this.#options.ringCells !== undefined);
		const needsPoint = this.#options.ringCells !== undefined;
		const depths = needsPoint ? found.points.toReversed() : [Math.max(found.storedBlocks, 0, ...bySlot.map(([, blocks]) => blocks))];
		for (const depth of depths) {
			const blocks = Math.min(depth, most);
			if (blocks === 0 || (needsPoint && blocks !== depth)) continue;
			const from = bySlot.find(([, held]) => held >= blocks);
			if (from !== undefined) return { blocks, slot: this.#slots[from[0]] };
			if (found.storedBlocks >= blocks) return { blocks, slot: undefined };
		}
		return undefined;
	}

	/** @returns undefined when something was not there any more: the slot is then empty or as it was */
	async #restore(slot: Slot, body: readonly Token[], digests: readonly string[], from: Source): Promise<PrefixSource | undefined> {
		const { scratch, ringCells } = this.#options;
		const shape = this.#shape;
		if (scratch === undefined || shape === undefined) return undefined;
		const tokens = body.slice(0, from.blocks * BLOCK_TOKENS);
		const line = digests.slice(0, from.blocks);
		const window = ringCells === undefined ? undefined : await this.#windowOf(line, shape, ringCells);
		if (ringCells !== undefined && window === undefined) return undefined;
		const state = from.slot === undefined ? undefined : await this.#imageOf(from.slot.sequence, scratch);
		const path = scratch.newPath();
		try {
			if (state !== undefined && sharedPrefix(state.image.tokens, tokens) < tokens.length) return undefined;
			const base = state === undefined ? this.#storedPieces(line) : imagePieces(state.image, from.blocks);
			const held = await writeImage(path, { shape, tokens, base, window });
			await load(slot, path, tokens.length, held);
			if (state === undefined) this.#store?.use(line);
			return state === undefined ? 'disk' : from.slot === slot ? 'slot' : 'other-slot';
		} catch (error) {
			if (!(error instanceof Missing)) this.#options.onLog(`A state could not be put together: ${String(error)}`);
			await slot.keep(0);
			return undefined;
		} finally {
			state?.close();
			scratch.remove(path);
		}
	}

	async #windowOf(line: readonly string[], shape: ImageShape, cells: number) {
		const digest = line.at(-1) ?? '';
		let rows = this.#points.get(digest);
		if (rows === undefined) {
			rows = await this.#store?.get('point', digest);
			if (rows !== undefined) this.#addPoint(line, rows, undefined);
		}
		if (rows === undefined || shape.window === undefined) {
			this.tree.dropPoint(digest);
			return undefined;
		}
		const count = rows.length / bytesPerToken(shape.window);
		return { piece: { start: line.length * BLOCK_TOKENS - count, count, rows }, cells };
	}

	#addPoint(line: readonly string[], rows: Buffer, keeper: string | undefined): void {
		const gone = this.#points.add(line.at(-1) ?? '', rows);
		if (keeper !== undefined) this.tree.keepPoint(line, keeper);
		for (const digest of gone) if (this.#store?.has(digest, 'point') !== true) this.tree.dropPoint(digest);
	}

	async *#storedPieces(line: readonly string[]): AsyncGenerator<RowPiece> {
		for (const [index, digest] of line.entries()) {
			const rows = await this.#store?.get('block', digest);
			if (rows === undefined) {
				for (const gone of line.slice(index)) this.tree.unstore(gone);
				throw new Missing();
			}
			yield { start: index * BLOCK_TOKENS, count: BLOCK_TOKENS, rows };
		}
	}

	async #imageOf(sequence: LlamaContextSequence, scratch: Scratch) {
		const path = scratch.newPath();
		try {
			await sequence.saveStateToFile(path);
			const image = new StateImage(path);
			// The open file keeps the contents; the name is not needed any more.
			return { image, close: () => image.close() };
		} finally {
			scratch.remove(path);
		}
	}
}

interface Source {
	readonly blocks: number;
	/** Undefined for the disk. */
	readonly slot: Slot | undefined;
}

/** A stored block was not there, or not whole. */
class Missing extends Error {}

async function* imagePieces(image: StateImage, blocks: number): AsyncGenerator<RowPiece> {
	for (let block = 0; block < blocks; block += PIECE_BLOCKS) {
		const start = block * BLOCK_TOKENS;
		const end = Math.min(blocks, block + PIECE_BLOCKS) * BLOCK_TOKENS;
		yield { start, count: end - start, rows: image.baseRows(start, end) };
	}
}

/** @param held tokens of the state in the file, of which `wanted` are meant */
async function load(slot: Slot, path: string, wanted: number, held: number): Promise<void> {
	await slot.keep(0);
	await slot.sequence.loadStateFromFile(path, { acceptRisk: true });
	if (held > wanted) await slot.sequence.eraseContextTokenRanges([{ start: wanted, end: held }]);
	if (slot.sequence.nextTokenIndex !== wanted) throw new Error(`${slot.sequence.nextTokenIndex} of ${wanted} tokens were restored`);
	slot.ring?.restored(wanted);
}

function sharedPrefixOf(a: readonly string[], b: readonly string[]): number {
	let at = 0;
	while (at < a.length && a[at] === b[at]) at += 1;
	return at;
}
