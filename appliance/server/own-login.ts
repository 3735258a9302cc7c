/** A caller's own plan login (Claude Max, ChatGPT): to which provider it may go, and what that changes about a call. */

import type { Settings } from '../config/settings.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Key } from '../protocol/member.ts';
import type { HeaderMap } from '../protocol/ports.ts';
import { type DialectName, HINT_HEADERS } from '../protocol/words.ts';

export interface Bearer {
	readonly settings: Settings;
	readonly key: Key;
	readonly dialect: DialectName;
	readonly headers: HeaderMap;
}

/** A member's key of this box, which is nobody else's business: never taken for a login. */
const BOX_KEY = /^il_/;

/** The deployments as this call may use them: those of its login's provider are marked. Without a login, as they are. */
export function deploymentsFor(bearer: Bearer, deployments: readonly Deployment[]): readonly Deployment[] {
	const own = bearer.headers[HINT_HEADERS.key] === undefined ? undefined : providerOf(bearer);
	if (own === undefined) return deployments;
	return deployments.map((deployment) => (deployment.provider === own ? { ...deployment, isOwnLogin: true } : deployment));
}

/** A text for the log, should an upstream have repeated what it was sent. */
export function withoutLogin(text: string, { authorization }: HeaderMap): string {
	const token = tokenOf(authorization);
	return token === undefined ? text : text.replaceAll(token, '[login]');
}

function tokenOf(authorization: HeaderMap[string]): string | undefined {
	return typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
}

/** The one provider that the login in `Authorization` may go to; undefined where the operator lets none through. */
function providerOf({ settings, key, dialect, headers }: Bearer): string | undefined {
	const token = tokenOf(headers.authorization);
	if (token === undefined || BOX_KEY.test(token) || token === headers[HINT_HEADERS.key]) return undefined;
	const provider = Object.values(settings.providers).find(
		({ passThrough, dialects }) => passThrough !== undefined && dialects.includes(dialect),
	);
	if (provider?.passThrough === undefined) return undefined;
	const { members, tokenPrefix = '' } = provider.passThrough;
	const mayPass = members === 'all' || members.includes(key.memberName);
	return mayPass && token.startsWith(tokenPrefix) ? provider.id : undefined;
}

/** A status that speaks of the login or its plan, not of the deployment: other callers' calls go on there. */
export const isAboutLogin = (status: number): boolean => status === 401 || status === 402 || status === 403 || status === 429;

/** The client has to renew its login, and does so when it reads the vendor's own words. */
export const mustTellLogin = ({ isOwnLogin }: Deployment, status: number): boolean =>
	isOwnLogin === true && (status === 401 || status === 403);
