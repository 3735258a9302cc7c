/** `npm run bench:ledger`: what the ledger costs the service's loop, and how many holds the disk makes safe in a second. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Budgets, LedgerScope, Store } from '../../appliance/protocol/ports.ts';
import { openStore } from '../../appliance/store/open-store.ts';
import { type Figure, formatValue, makeReport, printTable, writeReport } from '../lib/report.ts';

const USAGE = `Usage: npm run bench:ledger -- [options]

  --data DIR   measure the disk of this directory (default: the system's temporary one)
  --json FILE  also write {machine, commit, figures} there
`;

const CALLS = 5_000;
const ROUNDS = 7;
const HOLDS_MS = 2_000;
const MILLION_USD = 1_000_000_000_000_000;

const BUDGETS: Budgets = {
	treeNanoUsd: 1_000_000_000,
	memberDayNanoUsd: MILLION_USD,
	memberMonthNanoUsd: MILLION_USD,
	teamDayNanoUsd: MILLION_USD,
	teamMonthNanoUsd: MILLION_USD,
	treeIdleMs: 600_000,
	openTreesPerMember: 8,
};

const quiet = { info: () => undefined, warn: () => undefined, error: console.error };
const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };

const scopeOf = (memberId: string, treeKey: string): LedgerScope => ({
	keyId: 'k1',
	memberId,
	treeKey,
	sessionId: undefined,
	hasCeiling: true,
	treeCeilingNanoUsd: BUDGETS.treeNanoUsd,
});

async function hold(store: Store, callId: string, scope: LedgerScope, nanoUsd: number): Promise<void> {
	const result = store.ledger.reserve(callId, scope, nanoUsd);
	if (!result.isAdmitted) throw result.problem;
	await result.durable;
}

/** Least of the rounds: the machine's other work only ever adds. */
async function leastMicros(store: Store, action: (n: number) => void): Promise<number> {
	let least = Number.POSITIVE_INFINITY;
	for (let round = 0; round < ROUNDS; round += 1) {
		const start = performance.now();
		for (let n = 0; n < CALLS; n += 1) action(round * CALLS + n);
		least = Math.min(least, ((performance.now() - start) * 1_000) / CALLS);
		await store.history.find('wait until all is written');
	}
	return least;
}

async function loopFigures(store: Store): Promise<Figure[]> {
	const scope = scopeOf('m1', 'loop');
	await hold(store, 'first', scope, 100_000_000);
	const call = await leastMicros(store, (n) => {
		store.ledger.reserve(`c${n}`, scope, 100_000);
		store.ledger.dispatch(`c${n}`);
		store.ledger.settle(`c${n}`, { deployment: 'd', costNanoUsd: 1_000, isBound: false });
	});
	const allowance = await leastMicros(store, () => store.ledger.allowance(scope));
	const member = await store.members.addMember('bench', {});
	const { secret } = await store.members.addKey({
		memberId: member.id,
		isOwner: false,
		allowedTiers: ['local'],
		mayForce: false,
		hasCeiling: true,
		treeCeilingNanoUsd: undefined,
		expiresAtMs: undefined,
	});
	const findKey = await leastMicros(store, () => store.members.findKey(secret));
	return [
		{ name: 'ledger/loop/reserve-dispatch-settle', value: call, unit: 'µs', target: { is: '<', value: 60 } },
		{ name: 'ledger/loop/allowance', value: allowance, unit: 'µs', target: { is: '<', value: 20 } },
		{ name: 'ledger/loop/find-key', value: findKey, unit: 'µs', target: { is: '<', value: 20 } },
	];
}

/** Every hold opens a tree of its own, so every one waits for the platter; `lanes` of them at once. */
async function holdFigures(store: Store, lanes: number): Promise<Figure[]> {
	const waits: number[] = [];
	const before = store.stats().syncedCommits;
	const end = performance.now() + HOLDS_MS;
	const lane = async (number: number): Promise<void> => {
		for (let n = 0; performance.now() < end; n += 1) {
			const callId = `${lanes}.${number}.${n}`;
			const start = performance.now();
			await hold(store, callId, scopeOf(`m${number}`, callId), 1_000);
			waits.push(performance.now() - start);
			store.ledger.release(callId);
		}
	};
	await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
	waits.sort((a, b) => a - b);
	const name = `ledger/durable/${lanes}-at-once`;
	return [
		{ name: `${name}/wait-p50`, value: waits[Math.floor(waits.length / 2)] ?? Number.NaN, unit: 'ms' },
		{ name: `${name}/wait-p99`, value: waits[Math.floor(waits.length * 0.99)] ?? Number.NaN, unit: 'ms' },
		{ name: `${name}/holds`, value: (waits.length * 1_000) / HOLDS_MS, unit: '1/s' },
		{ name: `${name}/commits`, value: ((store.stats().syncedCommits - before) * 1_000) / HOLDS_MS, unit: '1/s' },
	];
}

async function measure(directory: string): Promise<Figure[]> {
	const store = await openStore({ file: join(directory, 'bench.sqlite'), clock, budgets: BUDGETS, log: quiet });
	try {
		return [...(await loopFigures(store)), ...(await holdFigures(store, 1)), ...(await holdFigures(store, 32))];
	} finally {
		await store.close();
	}
}

const { values } = parseArgs({
	options: { data: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean', default: false } },
});
if (values.help) console.log(USAGE);
else {
	const directory = mkdtempSync(join(values.data ?? tmpdir(), 'innerloop-bench-ledger-'));
	try {
		const figures = await measure(directory);
		printTable(
			['figure', 'measured', 'target'],
			figures.map(({ name, value, unit, target }) => [name, `${formatValue(value)} ${unit}`, target ? `${target.is} ${target.value}` : '']),
		);
		if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, figures));
	} finally {
		rmSync(directory, { recursive: true });
	}
}
