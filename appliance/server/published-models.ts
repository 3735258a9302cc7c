/** Which model names the box offers: the configured aliases, and every deployment's own. */

import type { Settings } from '../config/settings.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { ModelAlias } from '../protocol/plan.ts';
import type { PublishedModel } from '../protocol/ports.ts';
import { BUILT_IN_ALIASES } from '../router/demand.ts';

/** Clients sort by date; a constant keeps the list the same from one start to the next. */
const CREATED_AT = '2026-01-01T00:00:00Z';

/** Claude Code takes only names that begin with claude, so such aliases stand first. */
export function publishedModels(settings: Settings, deployments: readonly Deployment[]): readonly PublishedModel[] {
	const models = new Map<string, PublishedModel>();
	const add = (id: string, displayName: string, like: Deployment | undefined) => {
		if (!models.has(id)) models.set(id, { id, displayName, createdAt: CREATED_AT, ...windowOf(like) });
	};
	for (const [name, alias] of Object.entries(settings.routing.aliases)) add(name, describe(alias), likeOf(alias, deployments));
	for (const [name, alias] of Object.entries(BUILT_IN_ALIASES)) add(name, describe(alias), likeOf(alias, deployments));
	for (const deployment of deployments) add(deployment.model, deployment.model, deployment);
	for (const deployment of deployments) add(deployment.id, `${deployment.model} (${deployment.id})`, deployment);
	return [...models.values()].sort((a, b) => Number(b.id.startsWith('claude')) - Number(a.id.startsWith('claude')));
}

const windowOf = (like: Deployment | undefined) => ({
	contextTokens: like?.contextTokens ?? 0,
	maxOutputTokens: like?.maxOutputTokens ?? 0,
});

function likeOf(alias: ModelAlias, deployments: readonly Deployment[]): Deployment | undefined {
	return deployments.find(({ id }) => id === alias.deployment) ?? deployments.find(({ tier }) => tier === alias.tier) ?? deployments[0];
}

const describe = ({ role, tier, deployment }: ModelAlias): string =>
	[deployment, tier && `${tier} tier`, role && `${role} role`].filter((one) => one !== undefined).join(', ') || 'by what each call is for';
