/** An upstream answered with an error: what it says of deployment, key and call, and who may do better. */

import { refusalKind } from '../dialect/refusal-kind.ts';
import type { Deployment } from '../protocol/deployment.ts';
import { NO_TOKENS } from '../protocol/limits.ts';
import { Problem } from '../protocol/problem.ts';
import { type FailureClass, failureOfStatus, retryAfterMs } from '../router/cooldown.ts';
import { isNamed } from '../router/model-name.ts';
import type { FailureKind } from '../router/retry.ts';
import type { Asked } from './ask-cloud.ts';
import type { Box } from './box.ts';
import { ErrorReply } from './error-reply.ts';
import type { Try } from './execute.ts';
import { answered, type FailedTry, kindOfStatus } from './failed-try.ts';
import { isAboutLogin, mustTellLogin } from './own-login.ts';
import type { Walk } from './walk.ts';

/** Errors bill nothing. @param pass writes the error to the caller, where nobody else is asked */
export async function refusedTry(
	box: Box,
	walk: Walk,
	turn: Try,
	deployment: Deployment,
	{ upstream, visit }: Asked,
	pass: (error: ErrorReply) => Promise<void>,
): Promise<FailedTry> {
	const { status } = upstream;
	const error = await ErrorReply.read(upstream);
	const askedWaitMs = waitOf(error, box.clock.wallMs());
	const refusal = refusalKind(status, error.head);
	const failure = refusal === undefined ? failureOfStatus(status) : undefined;
	const isOfLogin = deployment.isOwnLogin === true && isAboutLogin(status);
	// An account without money or with a revoked key is of no use anywhere; a rate or a permission is mostly a model's.
	const rests = isOfLogin ? undefined : failure && visit.failed(failure, askedWaitMs, status === 401 || status === 402);
	const keyId = visit.key?.shared.id;
	const kind = refusal ?? kindOf(status, failure, walk, turn, deployment);
	const problem = answered(deployment.id, status);
	return {
		failure: {
			kind,
			retryAfterMs: askedWaitMs,
			mayBeBilled: false,
			hasOtherKey: rests === 'key' && hasOtherKey(box, turn, deployment, keyId),
		},
		problem,
		keyId,
		pass: async () => {
			walk.because('execute', `upstream-${status}`, problem.message, deployment.id);
			if (walk.arrival.reply.hasBegun) throw new Problem('upstream-failed', problem.message);
			await pass(error);
			walk.arrival.reply.end();
		},
		drop: () => error.drop(),
	};
}

function kindOf(status: number, failure: FailureClass | undefined, walk: Walk, turn: Try, deployment: Deployment): FailureKind {
	if (mustTellLogin(deployment, status)) return 'final';
	return isUnsuited(status, walk, turn, deployment) ? 'unsuited' : kindOfStatus(status, failure);
}

function waitOf(error: ErrorReply, wallMs: number): number | undefined {
	const ms = error.header('retry-after-ms');
	return ms !== undefined && /^\d+(?:\.\d+)?$/.test(ms) ? Math.ceil(Number(ms)) : retryAfterMs(error.header('retry-after'), wallMs);
}

function hasOtherKey(box: Box, { candidate, triedKeys }: Try, deployment: Deployment, keyId: string | undefined): boolean {
	const tried = new Set(keyId === undefined ? triedKeys : [...triedKeys, keyId]);
	return box.memory.station(deployment.id).hasKeyBeside(candidate.limitTokens ?? NO_TOKENS, tried);
}

/**
 * A client fits its call to the model it names, and another model may refuse what that one takes. So a call that was
 * refused at a deployment of our choice is worth a try at the model it asked for, where that is still to come.
 */
function isUnsuited(status: number, { arrival }: Walk, { call, plan, candidate }: Try, deployment: Deployment): boolean {
	if (status !== 400 || isNamed(deployment, call.model)) return false;
	const later = plan.candidates.slice(plan.candidates.indexOf(candidate) + 1);
	return later.some(({ deployment: id }) => arrival.deployments.some((one) => one.id === id && isNamed(one, call.model)));
}
