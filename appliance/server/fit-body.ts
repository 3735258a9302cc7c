/** A caller's own bytes on their way to an upstream of its dialect: searched for what other vendors' turns have left in them, and only then changed. */

import type { Deployment } from '../protocol/deployment.ts';
import type { Dialect } from '../protocol/ports.ts';

/** Where all deployments are of one dialect and one vendor, nothing can have been left. */
function canHoldForeign(deployments: readonly Deployment[], { vendor, dialects }: Deployment): boolean {
	return deployments.some(
		(one) =>
			one.provider !== 'local' && (one.vendor !== vendor || one.dialects.length !== dialects.length || one.dialects[0] !== dialects[0]),
	);
}

/** The same bytes where nothing stands in them that this upstream must not see. */
export function fitted(dialect: Dialect, body: Uint8Array, deployment: Deployment, deployments: readonly Deployment[]): Uint8Array {
	const marks = dialect.foreignMarks?.(deployment.vendor) ?? [];
	if (marks.length === 0 || dialect.fitBody === undefined || !mayHold(deployment, deployments)) return body;
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
	return marks.some((mark) => bytes.includes(mark)) ? dialect.fitBody(body, deployment.vendor) : body;
}

/** A compatible endpoint has ways of its own, whoever else is configured. */
function mayHold(deployment: Deployment, deployments: readonly Deployment[]): boolean {
	return deployment.vendor === 'deepseek' || deployment.vendor === 'gemini' || canHoldForeign(deployments, deployment);
}
