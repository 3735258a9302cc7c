/** What must hold after any client's session through the box: money, trees, and who answered why. */

import { expect } from 'vitest';
import type { SpendReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type Box, describeDecision } from './start-box.ts';
import type { Exchange } from './wiretap.ts';

/** Paths at which a model is asked to generate. */
const GENERATES = /^POST \/v1\/(?:messages|chat\/completions|responses)(?:\?\S*)? /;

export interface Served {
	readonly exchange: Exchange;
	readonly record: CallRecord;
}

/** Every generating call that went over the tapped wire, in order, with the box's own record of it. */
export async function servedCalls(box: Box): Promise<readonly Served[]> {
	const exchanges = box.wire.exchanges.filter(({ requestHead }) => GENERATES.test(requestHead));
	return Promise.all(exchanges.map(async (exchange) => ({ exchange, record: await box.recordOf(exchange) })));
}

/** `role deployment reason-codes-of-the-role`, one a call. */
export function rolesOf(served: readonly Served[]): readonly string[] {
	return served.map(({ record: { decision, outcome } }) => {
		const codes = decision.reasons.filter(({ step }) => step === 'role').map(({ code }) => code);
		return `${decision.role} ${outcome?.deployment ?? 'nobody'} ${codes.join(' ')}`;
	});
}

export function explainAll(served: readonly Served[]): string {
	return served.map(({ record }) => `${record.outcome?.status} ${describeDecision(record.decision)} ${record.decision.treeKey}`).join('\n');
}

/** Keys of the trees in the order in which they were opened, without the id of the member's key. */
export function treesOf(served: readonly Served[]): readonly string[] {
	return [...new Set(served.map(({ record }) => record.decision.treeKey.replace(/^[^/]*\//, '')))];
}

/** The vendors' own bills, the calls' records and the ledger agree to the nano-dollar; nothing is left reserved by a call. */
export async function expectOneBill(box: Box, served: readonly Served[]): Promise<void> {
	const billed = box.anthropic.bill.totalNanoUsd() + box.openai.bill.totalNanoUsd();
	expect(billed).toBeGreaterThan(0);
	const recorded = served.reduce((sum, { record }) => sum + (record.outcome?.costNanoUsd ?? 0), 0);
	expect(recorded, explainAll(served)).toBe(billed);
	const response = await fetch(`${box.service.url}/innerloop/v1/spend`, { headers: { authorization: `Bearer ${box.service.key}` } });
	const { rows } = (await response.json()) as SpendReport;
	const team = rows.find(({ scope, period }) => scope === 'team' && period === 'day');
	expect(team?.settledNanoUsd).toBe(billed);
	expect(served.map(({ record }) => [record.outcome?.status, record.outcome?.isCostBound])).toEqual(served.map(() => [200, false]));
}
