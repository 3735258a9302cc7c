/** A try that failed before anything of it was released: what went wrong, and how its caller would be told. */

import { Problem, type ProblemCode } from '../protocol/problem.ts';
import type { FailureClass } from '../router/cooldown.ts';
import type { Failure, FailureKind } from '../router/retry.ts';

export interface FailedTry {
	readonly failure: Failure;
	readonly problem: Problem;
	/** The provider's key that was used, where it has several. */
	readonly keyId?: string | undefined;
	/** Tells the caller, in the upstream's own words where there are some; throws where the box has to say it. */
	pass(): Promise<void>;
	/** Nobody will be told: the rest of the upstream's reply is not wanted. */
	drop(): void;
}

const KIND_OF_CODE: Readonly<Partial<Record<ProblemCode, FailureKind>>> = {
	'upstream-failed': 'broken',
	'upstream-timeout': 'timeout',
	'local-busy': 'busy',
	'local-failed': 'busy',
	'low-confidence': 'busy',
	'rate-limited': 'busy',
	'upstream-overloaded': 'overloaded',
	'context-window-exceeded': 'context-window',
	'not-expressible': 'unsuited',
};

/** A failure without an upstream's reply: the connection, a time-out, one of our own limits, the local engine. */
export function failedBy(problem: Problem): FailedTry {
	const mayBeBilled = problem.details.wasSent === true;
	return {
		failure: { kind: kindOf(problem), mayBeBilled },
		problem,
		pass: () => Promise.reject(problem),
		drop: () => {},
	};
}

function kindOf({ code, details }: Problem): FailureKind {
	const kind = KIND_OF_CODE[code] ?? 'final';
	if (kind !== 'broken' && kind !== 'timeout') return kind;
	// What only the operator mends is not asked again at once: a certificate, an address that redirects, a missing provider.
	if (details.wasSent === undefined || details.status !== undefined) return 'not-found';
	if (details.wasSent === true) return kind;
	return isCertificate(details.errorCode) ? 'not-found' : 'connect';
}

const isCertificate = (code: unknown) => typeof code === 'string' && /CERT|ERR_TLS|SELF_SIGNED|UNABLE_TO/.test(code);

/** How an upstream's error status reads to the retry policy, and to the cooldown; undefined where it speaks of the call alone. */
export function kindOfStatus(status: number, failure: FailureClass | undefined): FailureKind {
	if (status === 409) return 'conflict';
	return failure === undefined || failure === 'connection' ? 'final' : failure;
}

export const answered = (deployment: string, status: number): Problem =>
	new Problem('upstream-failed', `Deployment ${deployment} answered ${status}.`, { isRetryable: true, details: { status } });
