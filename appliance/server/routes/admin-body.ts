/** Strict bodies of the admin addresses: what is not understood is refused, with its path. */

import { z } from 'zod';
import { Problem } from '../../protocol/problem.ts';
import { DIALECTS, TIERS } from '../../protocol/words.ts';
import { bodyOf } from '../plugins/raw-body.ts';

const usd = z.number().nonnegative().max(1_000_000);
const name = z.string().trim().min(1).max(100);

const perCall = z.number().int().positive().max(1_000_000);
const tiers = z.array(z.enum(TIERS)).min(1);
const rules = {
	isLocalOnly: z.boolean().nullish(),
	neverBelowAsked: z.boolean().nullish(),
	allowedDeployments: z.array(name).min(1).nullish(),
	requestsPerMinute: perCall.nullish(),
	parallelCalls: perCall.nullish(),
};

export const newMember = z.strictObject({ name, dayUsd: usd.optional(), monthUsd: usd.optional() });
export const memberChange = z.strictObject({ dayUsd: usd.nullish(), monthUsd: usd.nullish(), allowedTiers: tiers.nullish(), ...rules });
export const keyChange = z.strictObject({ allowedTiers: tiers.optional(), ...rules });
export const newKey = z.strictObject({
	member: name,
	isOwner: z.boolean().default(false),
	allowedTiers: tiers.default([...TIERS]),
	mayForce: z.boolean().default(false),
	hasCeiling: z.boolean().default(true),
	treeCeilingUsd: usd.optional(),
	expiresAt: z.iso.datetime({ offset: true }).optional(),
	...rules,
});
export const explainRequest = z.strictObject({
	dialect: z.enum(DIALECTS),
	headers: z.record(z.string(), z.string()).default({}),
	body: z.unknown(),
});
/** A provider's key: what a header can carry, printable ASCII without blanks. */
export const secretValue = z.strictObject({
	value: z
		.string()
		.trim()
		.regex(/^[\x21-\x7e]{8,4096}$/, 'a key of 8 to 4096 printable characters'),
});

/** $1 is 1e9 nano-USD. */
export const nanoUsd = (dollars: number): number => Math.round(dollars * 1e9);

/** Throws `invalid-call` naming every field that is wrong. */
export function readBody<T>(schema: z.ZodType<T>, request: { readonly body: unknown }): T {
	const result = schema.safeParse(parseJson(bodyOf(request)));
	if (result.success) return result.data;
	const issues = result.error.issues.map(({ path, message }) => `${path.length === 0 ? 'body' : path.join('.')}: ${message}`);
	throw new Problem('invalid-call', issues.join('; '));
}

function parseJson(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString('utf8'));
	} catch (cause) {
		throw new Problem('invalid-call', 'The body is not JSON.', { cause });
	}
}

/** Throws `invalid-call` naming every parameter that is wrong. */
export function readQuery<T>(schema: z.ZodType<T>, query: unknown): T {
	const result = schema.safeParse(query);
	if (result.success) return result.data;
	throw new Problem('invalid-call', result.error.issues.map(({ path, message }) => `${path.join('.') || 'query'}: ${message}`).join('; '));
}
