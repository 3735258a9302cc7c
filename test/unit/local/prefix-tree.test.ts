import { expect, test } from 'vitest';
import { PrefixTree } from '../../../appliance/provider/local/prefix/prefix-tree.ts';
import { blockDigests } from '../../../appliance/provider/local/prefix/token-blocks.ts';

const BLOCK = 4;
const MEMBERS = ['ada', 'bob', 'cyd', 'dan'];

/** A small generator of its own, so that every run draws the same. */
function drawer(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

/** What the tree should know, kept as lists and searched from end to end. */
class Naive {
	readonly sent: { readonly prefix: string; readonly member: string }[] = [];
	readonly team = new Set<string>();
	readonly slots = new Map<number, { readonly digests: readonly string[]; readonly owner: string }>();
	readonly stored = new Map<string, Set<string>>();

	isCommon(prefix: string, member: string): boolean {
		const others = new Set(this.sent.filter((one) => one.prefix === prefix && one.member !== member).map((one) => one.member));
		return this.team.has(prefix) || others.size >= 2;
	}

	inSlot(number: number, prompt: readonly string[], member: string): number {
		const slot = this.slots.get(number);
		if (slot === undefined) return 0;
		let blocks = 0;
		while (blocks < prompt.length && slot.digests[blocks] === prompt[blocks]) {
			if (slot.owner !== member && !this.isCommon(prompt[blocks] ?? '', member)) break;
			blocks += 1;
		}
		return blocks;
	}

	onDisk(prompt: readonly string[], member: string): number {
		let blocks = 0;
		for (const prefix of prompt) {
			const keepers = this.stored.get(prefix);
			if (keepers === undefined || !(keepers.has(member) || this.isCommon(prefix, member))) break;
			blocks += 1;
		}
		return blocks;
	}
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('run %i: every prefix is found where a list of all that happened says it is', (seed) => {
	const draw = drawer(seed);
	const tree = new PrefixTree();
	const naive = new Naive();
	const prompt = () =>
		blockDigests(
			Array.from({ length: 4 + draw(24) }, (_, index) => (index < 8 ? draw(2) : draw(3))),
			BLOCK,
		);
	for (let step = 0; step < 400; step += 1) {
		const digests = prompt();
		const member = MEMBERS[draw(MEMBERS.length)] ?? '';
		const deed = draw(10);
		if (deed < 4) {
			const slot = draw(3);
			tree.hold(slot, digests, member);
			tree.send(digests, member);
			naive.slots.set(slot, { digests, owner: member });
			for (const prefix of digests) naive.sent.push({ prefix, member });
		} else if (deed === 4 && digests.length > 0) {
			for (let length = 1; length <= digests.length; length += 1) tree.store(digests.slice(0, length), member);
			for (const prefix of digests) naive.stored.set(prefix, (naive.stored.get(prefix) ?? new Set()).add(member));
		} else if (deed === 5 && digests.length > 0) {
			const gone = digests.at(-1) ?? '';
			tree.unstore(gone);
			naive.stored.delete(gone);
		} else if (deed === 6 && draw(20) === 0) {
			tree.markTeam(digests);
			for (const prefix of digests) naive.team.add(prefix);
		}
		const asked = prompt();
		for (const one of MEMBERS) {
			const found = tree.find(asked, one);
			expect([0, 1, 2].map((slot) => found.bySlot.get(slot) ?? 0)).toEqual([0, 1, 2].map((slot) => naive.inSlot(slot, asked, one)));
			expect(found.storedBlocks).toBe(naive.onDisk(asked, one));
		}
	}
});

test('what one member alone has sent is hidden from another, who has sent it too; a third finds it', () => {
	const tree = new PrefixTree();
	const digests = blockDigests(
		Array.from({ length: 16 }, (_, index) => index),
		BLOCK,
	);
	tree.send(digests, 'ada');
	tree.hold(0, digests, 'ada');
	expect(tree.find(digests, 'bob')).toMatchObject({ storedBlocks: 0, points: [], knownBlocks: 0 });
	expect(tree.find(digests, 'bob').bySlot.size).toBe(0);
	tree.send(digests, 'bob');
	expect(tree.find(digests, 'bob').bySlot.size).toBe(0);
	expect(tree.find(digests, 'cyd').bySlot.get(0)).toBe(4);
});

test('digests cover everything before them, and only whole blocks have one', () => {
	const a = blockDigests([1, 2, 3, 4, 5, 6, 7, 8, 9], BLOCK);
	const b = blockDigests([0, 2, 3, 4, 5, 6, 7, 8, 9], BLOCK);
	expect(a).toHaveLength(2);
	expect(a[1]).not.toBe(b[1]);
});

test('idle prefixes are forgotten beyond the bound, and those in slots or on disk are not', () => {
	const tree = new PrefixTree(100);
	const kept = blockDigests(
		Array.from({ length: 40 }, (_, index) => index),
		BLOCK,
	);
	tree.hold(0, kept, 'ada');
	tree.store(kept.slice(0, 1), 'ada');
	for (let index = 0; index < 60; index += 1) {
		tree.hold(
			1,
			blockDigests(
				Array.from({ length: 40 }, (_, at) => index * 100 + at),
				BLOCK,
			),
			'bob',
		);
	}
	expect(tree.size).toBeLessThanOrEqual(100);
	expect(tree.find(kept, 'ada').bySlot.get(0)).toBe(10);
});
