/** What the box says about itself on every generated call's reply. */

import type { Reason } from '../protocol/decision.ts';
import type { Walk } from './walk.ts';

const LONGEST_REASONS = 1_024;

/** Header names and values; reasons are short codes, ASCII, at most 1 kB. */
export function boxHeaders({ arrival, plan, deployment, reasons }: Walk): Record<string, string> {
	const headers: Record<string, string> = { 'x-innerloop-call': arrival.callId };
	if (deployment !== undefined) {
		headers['x-innerloop-deployment'] = deployment.id;
		headers['x-innerloop-tier'] = deployment.tier;
	}
	if (plan === undefined) return headers;
	headers['x-innerloop-role'] = plan.role;
	const codes = codesOf([...plan.reasons, ...reasons]);
	if (codes !== '') headers['x-innerloop-reasons'] = codes.length <= LONGEST_REASONS ? codes : cutAtComma(codes);
	return headers;
}

/** Each code once, in the order of the walk. */
export function codesOf(reasons: readonly Reason[]): string {
	const codes: string[] = [];
	for (const { code } of reasons) if (!codes.includes(code)) codes.push(code);
	return codes.join(',');
}

function cutAtComma(codes: string): string {
	const cut = codes.slice(0, LONGEST_REASONS);
	return cut.slice(0, Math.max(cut.lastIndexOf(','), 0));
}
