/** What a model's name says: which deployment it means, and of which class a model is that the box does not know. */

import type { Deployment } from '../protocol/deployment.ts';
import type { Role, Tier } from '../protocol/words.ts';

/** What the caller asked for by writing a name into `model`. */
export interface AskedModel {
	/** The deployments that are this model; several where two providers offer it. */
	readonly named: readonly Deployment[];
	/** Undefined when neither the deployments nor the name say it. */
	readonly tier: Tier | undefined;
	/** What such models are for; undefined when the name says nothing. */
	readonly role: Role | undefined;
	/** The word of the name that said it: `opus`. */
	readonly word: string | undefined;
}

interface Family {
	readonly pattern: RegExp;
	readonly role: Role;
	readonly tier: Tier;
}

/** The first that matches counts, so the lighter name of a longer word stands first: flash-lite before flash, mini before gpt-5. */
const FAMILIES: readonly Family[] = [
	{ pattern: /haiku|flash-lite|nano|lite|luna|ministral/, role: 'inner', tier: 'mid' },
	{ pattern: /sonnet|gpt-5[.\d]*-mini|terra|codex|flash|coder/, role: 'mid', tier: 'mid' },
	{ pattern: /(?<!ge)mini|small|tiny|gemma|smol/, role: 'inner', tier: 'mid' },
	{ pattern: /opus|fable|mythos|\bpro\b|gpt-[5-9]|\bo[1-9]\b|large/, role: 'outer', tier: 'frontier' },
	{ pattern: /gpt-4|deepseek|llama|mistral|qwen|medium/, role: 'mid', tier: 'mid' },
];

/** The role whose calls a tier's models are made for. */
const ROLE_OF_TIER: Readonly<Record<Tier, Role>> = { frontier: 'outer', mid: 'mid', local: 'inner' };

export function isNamed(deployment: Deployment, model: string): boolean {
	return deployment.model === model || deployment.id === model || (deployment.aliases?.includes(model) ?? false);
}

/** What names were found to mean, by the list of deployments that they were looked up in: it changes with the configuration alone. */
const known = new WeakMap<readonly Deployment[], Map<string, AskedModel>>();

/** Callers write what they like into `model`. */
const MOST_KNOWN = 64;

export function readModelName(model: string, deployments: readonly Deployment[]): AskedModel {
	const names = known.get(deployments) ?? new Map<string, AskedModel>();
	const before = names.get(model);
	if (before !== undefined) return before;
	const read = lookUp(model, deployments);
	if (names.size >= MOST_KNOWN) names.clear();
	known.set(deployments, names.set(model, read));
	return read;
}

function lookUp(model: string, deployments: readonly Deployment[]): AskedModel {
	const named = deployments.filter((deployment) => isNamed(deployment, model));
	// The upstream's id says more about the class than a name of the operator's own.
	const name = (named[0]?.model ?? model).toLowerCase();
	const family = FAMILIES.find(({ pattern }) => pattern.test(name));
	const tier = named[0]?.tier ?? family?.tier;
	return {
		named,
		tier,
		role: tier === 'local' ? 'inner' : (family?.role ?? (tier && ROLE_OF_TIER[tier])),
		word: family?.pattern.exec(name)?.[0],
	};
}
