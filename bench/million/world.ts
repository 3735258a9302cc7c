/** A random world: callers, a box that crashes and whose clock jumps, and upstreams that bill the most they may. */

import type { Budgets, LedgerScope } from '../../appliance/protocol/ports.ts';
import { periodsAt } from '../../appliance/router/budget/ledger-period.ts';
import { Books, newRatios, type Ratios } from './books.ts';
import { Box } from './box.ts';
import { newTree, nextCall, type Tree } from './clients.ts';
import { Memory } from './memory.ts';
import { Random } from './random.ts';
import { Walk } from './walk.ts';

const USD = 1_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Tight ones, so that trees, members and the team all come to their end. */
function budgetsOf(random: Random): Budgets {
	const teamDay = random.pick([0.3, 0.8, 2]) * USD;
	return {
		treeNanoUsd: USD,
		memberDayNanoUsd: random.chance(0.3) ? undefined : Math.floor(teamDay * 0.6),
		memberMonthNanoUsd: Math.floor(teamDay * 1.5),
		teamDayNanoUsd: teamDay,
		teamMonthNanoUsd: Math.floor(teamDay * 2.5),
		treeIdleMs: MINUTE,
		openTreesPerMember: 4,
	};
}

const OPEN_TREES = 8;

export interface Tally {
	trees: number;
	calls: number;
	admitted: number;
	/** Of these, calls that could cost something. */
	paid: number;
	/** Upstreams' bills that no answer told of. */
	untold: number;
	crashes: number;
	clockJumps: number;
	readonly ratios: Ratios;
	/** Sentences; an honest ledger has none. */
	readonly faults: string[];
}

const newTally = (): Tally => ({
	trees: 0,
	calls: 0,
	admitted: 0,
	paid: 0,
	untold: 0,
	crashes: 0,
	clockJumps: 0,
	ratios: newRatios(),
	faults: [],
});

/** A call that is over, as its upstreams have it. */
interface Ended {
	readonly scope: LedgerScope;
	readonly billedNanoUsd: number;
	/** Ledger time, both. */
	readonly reservedAtMs: number;
	readonly endedAtMs: number;
}

class World {
	readonly #random: Random;
	readonly #tally: Tally;
	readonly #box: Box;
	readonly #books: Books;
	readonly #memory = new Memory();
	readonly #name: string;
	#time = { wallMs: Date.UTC(2026, 10, 29, 12), nowMs: 0, isSynchronised: undefined as boolean | undefined };
	#open: Tree[] = [];
	#walks: Walk[] = [];
	#ended: Ended[] = [];
	#made = 0;

	constructor(seed: number, tally: Tally) {
		this.#random = new Random(seed);
		const budgets = budgetsOf(this.#random);
		this.#box = new Box(budgets);
		this.#books = new Books(budgets);
		this.#tally = tally;
		this.#name = `seed ${seed}`;
	}

	/** Plays so many trees to their end. */
	play(trees: number): void {
		this.#box.ledger.tick(this.#time);
		while (this.#made < trees || this.#open.length > 0 || this.#walks.length > 0) {
			while (this.#open.length < OPEN_TREES && this.#made < trees) this.#open.push(newTree(this.#made++, this.#random));
			this.#step();
		}
		this.#end(trees);
	}

	#step(): void {
		const random = this.#random;
		const what = random.next();
		if (what < 0.4) this.#ask();
		else if (what < 0.87) this.#advance();
		else if (what < 0.93) this.#pass(random.pick([3, 400, 2_500, 70_000]));
		else if (what < 0.96) this.#box.disk.sync(random.nat(4) === 0 ? Number.MAX_SAFE_INTEGER : (this.#walks[0]?.waitSeq ?? 0));
		else if (what < 0.975) this.#pass(random.pick([HOUR, 7 * HOUR, DAY]));
		else if (what < 0.98) this.#jump();
		else if (what < 0.989) this.#box.changeModel(random);
		else if (what < 0.991) this.#dawn();
		else this.#crash();
	}

	/** A caller asks, whether or not other calls of its tree run. */
	#ask(): void {
		const random = this.#random;
		const tree = this.#open[random.nat(this.#open.length)];
		if (tree === undefined) return;
		tree.left -= 1;
		if (tree.left <= 0) this.#open = this.#open.filter((one) => one !== tree);
		const call = nextCall(tree, random);
		const { segments } = tree.conversation;
		const affinity = this.#memory.find(tree.scope.treeKey, call, segments);
		const plan = this.#box.plan(tree, call, affinity, this.#time, random.next());
		this.#tally.calls += 1;
		if (plan.problem !== undefined) return;
		const id = `c${this.#tally.calls}`;
		const admission = this.#box.ledger.reserve(id, tree.scope, plan.reservationNanoUsd, this.#time);
		if (!admission.isAdmitted) return;
		this.#tally.admitted += 1;
		if (plan.reservationNanoUsd > 0) this.#tally.paid += 1;
		this.#walks.push(
			new Walk({
				id,
				tree,
				call,
				segments,
				plan,
				deployments: this.#box.deployments,
				affinity,
				waitSeq: admission.waitSeq,
				reservedAtMs: this.#box.ledger.wallMs,
			}),
		);
	}

	/** Something happens to one of the running calls. */
	#advance(): void {
		const random = this.#random;
		const walk = this.#walks[random.nat(this.#walks.length)];
		if (walk === undefined) return;
		if (walk.running === undefined) {
			if (!walk.isSent && random.chance(0.05)) this.#settle(walk);
			else this.#send(walk);
			return;
		}
		const what = random.next();
		if (what < 0.55) this.#answered(walk);
		else if (what < 0.75) this.#cutOff(walk);
		else this.#failed(walk, random.chance(0.6));
	}

	#send(walk: Walk): void {
		this.#box.disk.sync(walk.waitSeq);
		this.#box.ledger.dispatch(walk.id);
		this.#box.disk.flush();
		walk.isSent = true;
		const { costNanoUsd } = walk.send(this.#random.chance(0.6) ? 1 : this.#random.next());
		const { worstCostNanoUsd } = walk.candidate();
		if (costNanoUsd > worstCostNanoUsd)
			this.#fault(`${walk.id} can be billed ${costNanoUsd} where ${worstCostNanoUsd} were thought to be the most`);
	}

	#answered(walk: Walk): void {
		const { running } = walk;
		if (running === undefined) return;
		const before = walk.charged?.nanoUsd ?? 0;
		walk.answered();
		const { costNanoUsd, usage } = running.bill;
		if ((walk.charged?.nanoUsd ?? 0) - before !== costNanoUsd) this.#fault(`settles ${walk.charged?.nanoUsd} for a bill of ${costNanoUsd}`);
		this.#bill(walk);
		this.#memory.note(walk.tree.scope.treeKey, walk.call, walk.segments, running.sent.deployment, usage, this.#time.nowMs);
		this.#settle(walk);
	}

	/** A cut stream, or a caller who left: the upstream generates on and bills it all. */
	#cutOff(walk: Walk): void {
		walk.cut(this.#random.chance(0.5));
		this.#tally.untold += 1;
		this.#bill(walk);
		this.#settle(walk);
	}

	#failed(walk: Walk, mayBeBilled: boolean): void {
		if (mayBeBilled) {
			this.#tally.untold += 1;
			this.#bill(walk);
		}
		if (!walk.fails(mayBeBilled, this.#random)) this.#settle(walk);
	}

	/** The upstream bills the try that runs. */
	#bill(walk: Walk): void {
		walk.billedNanoUsd += walk.running?.bill.costNanoUsd ?? 0;
	}

	/**
	 * The bills of ended calls go to the day on which a call was reserved, or on which it ended. Where the power went before
	 * the record of that later day was on the platter, the ledger knows only the first.
	 */
	#enterEnded(): void {
		const { dayEndsMs } = periodsAt(this.#box.ledger.wallMs);
		for (const { scope, billedNanoUsd, reservedAtMs, endedAtMs } of this.#ended) {
			const atMs = this.#random.chance(0.5) && endedAtMs < dayEndsMs ? endedAtMs : reservedAtMs;
			this.#books.bill(scope, billedNanoUsd, atMs);
		}
		this.#ended = [];
	}

	#ends({ tree, billedNanoUsd, reservedAtMs }: Walk, endedAtMs: number): void {
		this.#ended.push({ scope: tree.scope, billedNanoUsd, reservedAtMs, endedAtMs });
	}

	#settle(walk: Walk): void {
		const { id, charged } = walk;
		this.#ends(walk, this.#box.ledger.wallMs);
		if (charged === undefined) this.#box.ledger.release(id, this.#time);
		else this.#box.ledger.settle(id, { deployment: 'd', costNanoUsd: charged.nanoUsd, isBound: charged.isBound }, this.#time);
		this.#walks = this.#walks.filter((one) => one !== walk);
	}

	#pass(ms: number): void {
		this.#time = { ...this.#time, wallMs: this.#time.wallMs + ms, nowMs: this.#time.nowMs + ms };
		this.#box.ledger.tick(this.#time);
	}

	/** A day ends, a few calls go on in the new one, and the box dies before much of that is on the platter. */
	#dawn(): void {
		this.#pass(DAY);
		for (let step = this.#random.nat(12); step >= 0; step -= 1) {
			if (this.#random.chance(0.4)) this.#ask();
			this.#advance();
		}
		this.#crash();
	}

	/** The clock jumps; sooner or later somebody sets it right. */
	#jump(): void {
		const random = this.#random;
		this.#tally.clockJumps += 1;
		const { wallMs } = this.#box.ledger;
		const jumped = random.pick([0, wallMs - 2 * DAY, wallMs - HOUR, wallMs - MINUTE, wallMs + DAY, wallMs + 500 * DAY, wallMs]);
		const isSynchronised = random.pick<boolean | undefined>([true, undefined, undefined, false]);
		// A time server that says nonsense would open every budget: nobody guards against that.
		this.#time = { ...this.#time, wallMs: isSynchronised === true ? Math.min(jumped, wallMs + DAY) : jumped, isSynchronised };
		this.#box.ledger.tick(this.#time);
		if (this.#random.chance(0.7)) this.#time = { ...this.#time, wallMs: this.#box.ledger.wallMs, isSynchronised: undefined };
	}

	/** Everything that was sent is billed to the end; nobody will tell the ledger. */
	#crash(): void {
		this.#tally.crashes += 1;
		for (const walk of this.#walks) {
			this.#bill(walk);
			this.#ends(walk, walk.reservedAtMs);
		}
		this.#walks = [];
		this.#memory.forget();
		this.#box.crash(this.#random);
		this.#enterEnded();
		this.#time = { ...this.#time, wallMs: Math.max(this.#time.wallMs, this.#box.ledger.wallMs) };
	}

	#end(trees: number): void {
		const { disk, ledger, alarms } = this.#box;
		ledger.closeAll(this.#time);
		this.#enterEnded();
		disk.sync(Number.MAX_SAFE_INTEGER);
		for (const { kind, callId, reservedNanoUsd, costNanoUsd } of alarms)
			this.#fault(`${kind} of ${callId}: ${costNanoUsd} of ${reservedNanoUsd}`);
		for (const [id, { billedNanoUsd }] of this.#books.trees)
			if (disk.spentOf(id) < billedNanoUsd) this.#fault(`tree ${id} knows ${disk.spentOf(id)} of its bill of ${billedNanoUsd}`);
		this.#books.addTo(this.#tally.ratios);
		this.#tally.trees += trees;
	}

	#fault(text: string): void {
		this.#tally.faults.push(`${this.#name}: ${text}`);
	}
}

/** Trees of one world: enough to bring its budgets to their end, few enough to look at one that failed. */
const TREES_PER_WORLD = 50;

/** Plays this many trees in worlds of their own; `seed` chooses them. */
export function playTrees(trees: number, seed: number, onWorld: (tally: Tally) => void = () => undefined): Tally {
	const tally = newTally();
	for (let world = 0; tally.trees < trees; world += 1) {
		new World(seed + world, tally).play(Math.min(TREES_PER_WORLD, trees - tally.trees));
		onWorld(tally);
	}
	return tally;
}
