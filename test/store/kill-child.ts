/** A loaded service in small: many calls at once through a real store, billed by an upstream that keeps its own books. */

import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../appliance/store/open-store.ts';
import { KILL_BUDGETS, killScope } from './kill-scenario.ts';

const [file = '', bills = '', round = ''] = process.argv.slice(2);
const LANES = 8;

const quiet = {
	info: () => undefined,
	warn: () => undefined,
	error: (facts: object) => process.stderr.write(`${JSON.stringify(facts)}\n`),
};
const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
const store = await openStore({ file, clock, budgets: KILL_BUDGETS, log: quiet });
process.stdout.write('ready\n');

/** The upstream bills when it has answered, whether or not anyone still listens. */
async function callUpstream(callId: string, treeId: string, boundNanoUsd: number): Promise<number> {
	await sleep(Math.random() * 4);
	const costNanoUsd = Math.floor(Math.random() * (boundNanoUsd + 1));
	appendFileSync(bills, `${JSON.stringify({ callId, treeId, costNanoUsd, boundNanoUsd })}\n`);
	await sleep(Math.random() * 2);
	return costNanoUsd;
}

async function oneCall(callId: string, lane: number, number: number): Promise<void> {
	const scope = killScope(lane, number, round);
	const boundNanoUsd = 1 + Math.floor(Math.random() * 300);
	const result = store.ledger.reserve(callId, scope, boundNanoUsd);
	if (!result.isAdmitted) {
		await sleep(1);
		return;
	}
	try {
		await result.durable;
		if (Math.random() < 0.1) return;
		store.ledger.dispatch(callId);
		const costNanoUsd = await callUpstream(callId, `${scope.memberId} ${scope.treeKey}`, boundNanoUsd);
		store.ledger.settle(callId, { deployment: 'd', costNanoUsd, isBound: false });
	} finally {
		store.ledger.release(callId);
	}
}

async function run(lane: number): Promise<never> {
	for (let number = 0; ; number += 1) await oneCall(`${round}.${lane}.${number}`, lane, number);
}

await Promise.all(Array.from({ length: LANES }, (_, lane) => run(lane)));
