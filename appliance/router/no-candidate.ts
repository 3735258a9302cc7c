/** Why no deployment can take a call, as the problem that its caller is told. */

import type { Reason } from '../protocol/decision.ts';
import { Problem } from '../protocol/problem.ts';
import { type Case, healthOf, inputTokensAt } from './case.ts';
import type { Eligibility } from './eligibility.ts';
import { limitRefusalAt } from './limit-tokens.ts';

const TOO_LONG = new Set(['window-too-small', 'input-too-long']);
const AT_LIMIT = new Set(['at-limit-requests', 'at-limit-tokens', 'at-limit-parallel']);
const PASSING = new Set(['cooling-down', 'not-up', ...AT_LIMIT]);

const codesOf = ({ faults }: Eligibility) => faults.map(({ code }) => code);

/** Some deployments are out for these faults and no others. */
function outOnlyFor(checked: readonly Eligibility[], codes: ReadonlySet<string>): readonly Eligibility[] {
	return checked.filter((one) => codesOf(one).every((code) => codes.has(code)));
}

/** Where the box is alone, the caller is told what would help. */
function cloudHint(checked: readonly Eligibility[]): string {
	if (checked.some(({ deployment }) => deployment.tier !== 'local')) return '';
	return '. No cloud model is configured: set ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY or DEEPSEEK_API_KEY where Innerloop starts, or name providers in its configuration.';
}

/** The sentence begins as clients expect it to, since some compact their session when they read it. */
function tooLong(one: Case, rejected: readonly Eligibility[], hint: string): Problem {
	const longest = Math.max(...rejected.map(({ deployment }) => deployment.contextTokens));
	const tokens = Math.max(...rejected.map(({ deployment }) => inputTokensAt(one, deployment)));
	const cap = one.input.call.outputCapTokens;
	const text = `prompt is too long: about ${tokens} tokens${cap === undefined ? '' : ` and an output cap of ${cap}`} > ${longest} maximum${hint}`;
	return new Problem('context-window-exceeded', text, { details: { inputTokens: tokens, contextTokens: longest } });
}

/** How long until a deployment may be asked again; undefined where nobody knows. */
function waitMs(one: Case, { deployment }: Eligibility): number | undefined {
	const restMs = (healthOf(one, deployment)?.cooldownUntilMs ?? 0) - one.input.nowMs;
	const limitMs = limitRefusalAt(one, deployment)?.waitMs ?? 0;
	const longest = Math.max(restMs, limitMs);
	return longest > 0 ? longest : undefined;
}

function resting(one: Case, rejected: readonly Eligibility[]): Problem {
	const waits = rejected.map((each) => waitMs(one, each)).filter((ms) => ms !== undefined);
	const names = rejected.map(({ deployment, faults }) => `${deployment.id}: ${faults[0]?.text ?? ''}`);
	const isAtLimit = rejected.some((each) => codesOf(each).some((code) => AT_LIMIT.has(code)));
	const text = isAtLimit
		? `Every deployment that can take this call is at a limit of this box, or rests. ${names.join(' ')}`
		: `No deployment that can take this call is up. ${names.join(' ')}`;
	return new Problem(isAtLimit ? 'rate-limited' : 'no-eligible-deployment', text, {
		// What is not configured stays so; what rests or starts comes back.
		isRetryable: waits.length > 0 || rejected.some(({ deployment }) => deployment.tier === 'local'),
		...(waits.length > 0 ? { retryAfterSeconds: Math.ceil(Math.min(...waits) / 1000) } : {}),
	});
}

const heldText = (checked: readonly Eligibility[]): string => checked[0]?.faults.find(({ code }) => code === 'held-by-vendor')?.text ?? '';

function summary(checked: readonly Eligibility[]): string {
	const byCode = new Map<string, { readonly reason: Reason; readonly ids: string[] }>();
	for (const { deployment, faults } of checked) {
		const [reason] = faults;
		if (reason === undefined) continue;
		const entry = byCode.get(reason.code) ?? { reason, ids: [] };
		entry.ids.push(deployment.id);
		byCode.set(reason.code, entry);
	}
	return [...byCode.values()].map(({ reason, ids }) => `${ids.join(', ')}: ${reason.text}`).join(' ');
}

/** Not worth a second try, and never sent elsewhere instead. */
function keptHere(by: string, checked: readonly Eligibility[]): Problem {
	const own = checked.filter(({ deployment }) => deployment.provider === 'local');
	const why = own.length === 0 ? 'it has no model of its own at the moment (local.isEnabled)' : summary(own);
	return new Problem('forbidden', `A data rule of ${by} keeps this text on the box, which cannot answer the call itself: ${why}`, {
		details: { rule: 'data-rule' },
	});
}

export function noCandidate(one: Case, checked: readonly Eligibility[]): Problem {
	if (checked.length === 0) {
		const text = 'No deployment is configured. Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or let the box answer itself (local.isEnabled).';
		return new Problem('no-eligible-deployment', text);
	}
	// No time and no other model helps: only the caller can.
	if (checked.every((each) => codesOf(each).includes('held-by-vendor')))
		return new Problem(
			'not-expressible',
			`No deployment here can take this call. ${heldText(checked)} Send the whole conversation as input.`,
		);
	const long = outOnlyFor(checked, TOO_LONG);
	if (long.length > 0) return tooLong(one, long, cloudHint(checked));
	const passing = outOnlyFor(checked, PASSING);
	if (passing.length > 0) return resting(one, passing);
	if (one.keptHereBy !== undefined) return keptHere(one.keptHereBy, checked);
	return new Problem('no-eligible-deployment', `No deployment can take this call. ${summary(checked)}${cloudHint(checked).slice(1)}`);
}
