/** One tree of token blocks for all slots and the disk: what is computed, where it lies, and who may know of it. */

/** A block is everybody's once so many others than the asker have sent it: what one member alone sent is never found by another. */
const OTHERS_THAT_MAKE_IT_COMMON = 2;
/** More senders than this change nothing for anybody. */
const MOST_SENDERS = OTHERS_THAT_MAKE_IT_COMMON + 1;

interface Node {
	readonly digest: string;
	readonly parent: Node | undefined;
	readonly children: Map<string, Node>;
	/** Members who sent all of the prefix up to here and saw it computed. */
	readonly senders: Set<string>;
	isTeam: boolean;
	/** Slots whose cache begins with this prefix. */
	readonly slots: Set<number>;
	isStored: boolean;
	/** Members whose own computing brought it to disk, or would have. */
	readonly keepers: Set<string>;
	/** The state of sliding windows behind this block is kept. */
	hasPoint: boolean;
	readonly pointKeepers: Set<string>;
	lastUse: number;
}

/** What is told of a block on disk. */
interface Kept {
	readonly senders: readonly string[];
	readonly isTeam: boolean;
	readonly hasPoint: boolean;
}

export interface Found {
	/** Blocks that each slot shares with the prompt and this member may use, at least one. */
	readonly bySlot: ReadonlyMap<number, number>;
	/** Leading blocks that lie on disk and this member may use. */
	readonly storedBlocks: number;
	/** Depths in blocks, ascending, at which the state of sliding windows is kept, among those that this member may use from anywhere. */
	readonly points: readonly number[];
	/** Leading blocks that this prompt shares with another that this member may know of: where a branch begins. */
	readonly knownBlocks: number;
}

export class PrefixTree {
	readonly #root: Node = newNode('', undefined);
	readonly #nodes = new Map<string, Node>();
	readonly #owners = new Map<number, string>();
	readonly #ends = new Map<number, Node>();
	readonly #mostNodes: number;
	#uses = 0;

	/** @param mostNodes bounds the memory: a node takes some 500 bytes */
	constructor(mostNodes = 50_000) {
		this.#mostNodes = mostNodes;
	}

	get size(): number {
		return this.#nodes.size;
	}

	/** What of a prompt is there for `member`, wherever it was computed. */
	find(digests: readonly string[], member: string): Found {
		this.#uses += 1;
		const path = this.#walk(digests);
		const bySlot = new Map<number, number>();
		const points: number[] = [];
		let storedBlocks = 0;
		let knownBlocks = 0;
		for (const [index, node] of path.entries()) {
			node.lastUse = this.#uses;
			const isCommon = isCommonTo(node, member);
			const isOwn = node.senders.has(member);
			if (knownBlocks === index && (isCommon || isOwn)) knownBlocks = index + 1;
			for (const slot of node.slots) {
				const isVisible = isCommon || this.#owners.get(slot) === member;
				if (isVisible && (bySlot.get(slot) ?? 0) === index) bySlot.set(slot, index + 1);
			}
			if (node.isStored && storedBlocks === index && (isCommon || node.keepers.has(member))) storedBlocks = index + 1;
			if (node.hasPoint && (isCommon || node.pointKeepers.has(member))) points.push(index + 1);
		}
		return { bySlot, storedBlocks, points, knownBlocks };
	}

	/** These blocks were computed for, or given to, a call of `member`. */
	send(digests: readonly string[], member: string): void {
		for (const node of this.#grow(digests)) if (node.senders.size < MOST_SENDERS) node.senders.add(member);
	}

	/** The team's own text: everybody may share it from the first time on. */
	markTeam(digests: readonly string[]): void {
		for (const node of this.#grow(digests)) node.isTeam = true;
	}

	/** The slot now holds exactly these blocks, computed for or given to `owner`. */
	hold(slot: number, digests: readonly string[], owner: string): void {
		for (let node = this.#ends.get(slot); node !== undefined; node = node.parent) node.slots.delete(slot);
		const path = this.#grow(digests);
		for (const node of path) node.slots.add(slot);
		const end = path.at(-1);
		if (end === undefined) this.#ends.delete(slot);
		else this.#ends.set(slot, end);
		this.#owners.set(slot, owner);
		this.#prune();
	}

	/** The last of these blocks lies on disk, and `keeper` has had it computed and stored: another's copy is not its own. */
	store(digests: readonly string[], keeper: string): void {
		const node = this.#grow(digests).at(-1);
		if (node === undefined) return;
		node.isStored = true;
		node.keepers.add(keeper);
	}

	/** It lies on disk no more, nor does the state of sliding windows behind it. */
	unstore(digest: string): void {
		const node = this.#nodes.get(digest);
		if (node === undefined) return;
		node.isStored = false;
		node.keepers.clear();
	}

	/** The state of sliding windows behind the last of these blocks is kept, and `keeper`'s prompt came by there. */
	keepPoint(digests: readonly string[], keeper: string): void {
		const node = this.#grow(digests).at(-1);
		if (node === undefined) return;
		node.hasPoint = true;
		node.pointKeepers.add(keeper);
	}

	dropPoint(digest: string): void {
		const node = this.#nodes.get(digest);
		if (node === undefined) return;
		node.hasPoint = false;
		node.pointKeepers.clear();
	}

	/** What was known of a stored block before a restart. */
	restore(digests: readonly string[], { senders, isTeam, hasPoint }: Kept): void {
		const node = this.#grow(digests).at(-1);
		if (node === undefined) return;
		for (const sender of senders) {
			node.senders.add(sender);
			node.keepers.add(sender);
			if (hasPoint) node.pointKeepers.add(sender);
		}
		Object.assign(node, { isStored: true, isTeam, hasPoint });
	}

	/** Who keeps the last of these blocks on disk. */
	keepersOf(digest: string): { readonly senders: readonly string[]; readonly isTeam: boolean } {
		const node = this.#nodes.get(digest);
		return { senders: [...(node?.keepers ?? [])], isTeam: node?.isTeam ?? false };
	}

	#walk(digests: readonly string[]): Node[] {
		const path: Node[] = [];
		let node: Node | undefined = this.#root;
		for (const digest of digests) {
			node = node.children.get(digest);
			if (node === undefined) break;
			path.push(node);
		}
		return path;
	}

	#grow(digests: readonly string[]): Node[] {
		const path = this.#walk(digests);
		let node = path.at(-1) ?? this.#root;
		for (const digest of digests.slice(path.length)) {
			const child = newNode(digest, node);
			child.lastUse = this.#uses;
			node.children.set(digest, child);
			this.#nodes.set(digest, child);
			path.push(child);
			node = child;
		}
		return path;
	}

	/** Forgets the leaves that were not asked for longest; what lies in a slot or on disk stays. */
	#prune(): void {
		if (this.#nodes.size <= this.#mostNodes) return;
		const idle: Node[] = [];
		const gather = (node: Node): void => {
			for (const child of node.children.values()) gather(child);
			if (node.parent !== undefined && isIdle(node)) idle.push(node);
		};
		gather(this.#root);
		idle.sort((a, b) => a.lastUse - b.lastUse);
		for (const leaf of idle) {
			if (this.#nodes.size <= this.#mostNodes * KEPT_SHARE) return;
			for (let node: Node | undefined = leaf; node?.parent !== undefined && isIdle(node); node = node.parent) {
				node.parent.children.delete(node.digest);
				this.#nodes.delete(node.digest);
			}
		}
	}
}

/** Pruning walks the whole tree: it makes room for a while. */
const KEPT_SHARE = 0.9;

function newNode(digest: string, parent: Node | undefined): Node {
	const sets = { senders: new Set<string>(), keepers: new Set<string>(), pointKeepers: new Set<string>(), slots: new Set<number>() };
	return { digest, parent, children: new Map(), ...sets, isTeam: false, isStored: false, hasPoint: false, lastUse: 0 };
}

function isIdle(node: Node): boolean {
	return node.children.size === 0 && node.slots.size === 0 && !node.isStored && !node.hasPoint;
}

function isCommonTo({ isTeam, senders }: Node, member: string): boolean {
	return isTeam || senders.size - (senders.has(member) ? 1 : 0) >= OTHERS_THAT_MAKE_IT_COMMON;
}
