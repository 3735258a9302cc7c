/** Turns what undici and the operating system throw into a Problem, once, here at the port. */

import { Problem } from '../../protocol/problem.ts';

const CONNECT_ERRORS: ReadonlySet<string> = new Set([
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'EHOSTDOWN',
	'ETIMEDOUT',
	'UND_ERR_CONNECT_TIMEOUT',
	'PROXY_REFUSED',
	'PROXY_UNREACHABLE',
	'ADDRESS_REFUSED',
]);

const TIMEOUTS: Readonly<Record<string, string>> = {
	UND_ERR_CONNECT_TIMEOUT: 'took too long to accept the connection',
	ETIMEDOUT: 'took too long to accept the connection',
	UND_ERR_HEADERS_TIMEOUT: 'took too long to begin its reply',
	UND_ERR_BODY_TIMEOUT: 'fell silent in the middle of its reply',
};

/** `details.wasSent`: whether the upstream may have seen the call, and so may bill it. */
export function wrapError(error: unknown, deployment: string, wasSent: boolean, signal: AbortSignal): Problem {
	if (error instanceof Problem) return error;
	const code = codeOf(error);
	const details = { deployment, wasSent: wasSent && !CONNECT_ERRORS.has(code), errorCode: code };
	if (signal.aborted) {
		const reason: unknown = signal.reason;
		return reason instanceof Problem
			? new Problem(reason.code, reason.message, { details, cause: error })
			: new Problem('canceled', 'The caller went away.', { details, cause: error });
	}
	const timeout = TIMEOUTS[code];
	if (timeout !== undefined) return new Problem('upstream-timeout', `Deployment ${deployment} ${timeout}.`, retryable(details, error));
	return new Problem('upstream-failed', `Deployment ${deployment} ${sayWhat(code)}.`, retryable(details, error));
}

const retryable = (details: Record<string, unknown>, cause: unknown) => ({ isRetryable: true, details, cause });

function sayWhat(code: string): string {
	if (code === 'ECONNREFUSED') return 'refused the connection';
	if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has a host name that does not resolve';
	if (code === 'ADDRESS_REFUSED')
		return 'has a host name that leads into a private network or to a link-local address; where you mean a private one, set allowsPrivateAddresses at its provider';
	if (code === 'PROXY_REFUSED')
		return 'is kept from the box by its proxy: see HTTPS_PROXY, and whether the proxy wants a user and password';
	if (code === 'PROXY_UNREACHABLE') return 'cannot be reached, since the proxy of HTTPS_PROXY does not answer';
	if (CONNECT_ERRORS.has(code)) return 'cannot be reached';
	if (code.startsWith('ERR_TLS') || code.includes('CERT')) return 'has a certificate that is not trusted';
	if (code.startsWith('HPE_')) return 'answered with something that is not HTTP';
	return 'broke the connection';
}

function codeOf(error: unknown): string {
	if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
	return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
