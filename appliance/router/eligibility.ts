/** Which deployments can take a call at all, and for each of the others every reason why not. */

import type { Call } from '../protocol/call.ts';
import type { Reason } from '../protocol/decision.ts';
import type { Deployment } from '../protocol/deployment.ts';
import { type Case, healthOf, inputTokensAt } from './case.ts';
import { crossingFault, isCrossing, needsServerTools } from './crossing.ts';
import { demandsNothing } from './demand.ts';
import { classOf } from './earned/call-class.ts';
import { expectedCloudMs, expectedMs } from './expect.ts';
import { limitRefusalAt, sayLimit } from './limit-tokens.ts';
import { isNamed } from './model-name.ts';
import { outputCapFor } from './output-cap.ts';
import { unpricedTools } from './price.ts';
import { refusedFields } from './refused-fields.ts';
import { isAtLeastAsked } from './safety-classifier.ts';

type Fault = readonly [code: string, text: string] | undefined;
type Check = (one: Case, deployment: Deployment) => Fault;

/** Who may use it, and for what. */
const ACCESS: readonly Check[] = [
	({ input }, { tier }) =>
		input.key.allowedTiers.includes(tier) ? undefined : ['tier-not-allowed', `The key may not use the ${tier} tier.`],
	({ demand }, { id }) =>
		demand.deployment === undefined || demand.deployment === id
			? undefined
			: ['another-is-forced', `Deployment ${demand.deployment} is forced.`],
	({ tiers, role }, { tier }) =>
		tiers.includes(tier) ? undefined : ['tier-not-for-role', `${role} calls of this kind do not use the ${tier} tier.`],
	({ keptHereBy }, { provider }) =>
		keptHereBy === undefined || provider === 'local' ? undefined : ['data-rule', `A data rule of ${keptHereBy} keeps the text on the box.`],
	({ input }, { id }) =>
		input.key.allowedDeployments?.includes(id) === false ? ['deployment-not-allowed', 'The member or the key may not use it.'] : undefined,
	(one, deployment) =>
		one.isNeverBelow && !isAtLeastAsked(deployment, one.input.call, one.asked)
			? ['below-asked', 'The caller is never given a lesser model than the one it names.']
			: undefined,
	(one, deployment) =>
		one.isProtected && !isAtLeastAsked(deployment, one.input.call, one.asked)
			? ['below-asked', 'The safety classifier is not sent to a model that may be weaker than the one asked for.']
			: undefined,
];

const REACH: readonly Check[] = [
	(one, deployment) => crossingFault(one.input.call, deployment, one.isProtected),
	({ input }, { dialects, tier }) => {
		const { vendorHeld = [], dialect } = input.call;
		if (vendorHeld.length === 0 || (tier !== 'local' && dialects.includes(dialect))) return undefined;
		return ['held-by-vendor', `It has no ${vendorHeld.join(', no ')}: only the vendor that the call is written for does.`];
	},
	(one, deployment) => {
		const health = healthOf(one, deployment);
		return health === undefined || health.isUp ? undefined : ['not-up', health.detail ?? 'It is not up.'];
	},
	(one, deployment) => {
		const leftMs = (healthOf(one, deployment)?.cooldownUntilMs ?? 0) - one.input.nowMs;
		return leftMs > 0 ? ['cooling-down', `It failed lately and rests for another ${Math.ceil(leftMs / 1000)} s.`] : undefined;
	},
	({ input }, { modalities }) => {
		const missing = input.call.modalities.filter((modality) => !modalities.includes(modality));
		return missing.length > 0 ? ['modality-not-taken', `It takes no ${missing.join(', no ')}.`] : undefined;
	},
	({ input }, deployment) => {
		const { model, signals } = input.call;
		const missing = (signals.features ?? []).filter((feature) => deployment.lacks?.includes(feature));
		// A call that is written anew is fitted to the model it goes to.
		if (missing.length === 0 || isNamed(deployment, model) || isCrossing(input.call, deployment)) return undefined;
		return ['feature-not-taken', `It is not known to take ${missing.join(', ')}, which the call uses.`];
	},
];

/** Only of calls that make the model speak. */
const ANSWER: readonly Check[] = [
	(one, deployment) => {
		const refusal = limitRefusalAt(one, deployment);
		return refusal && sayLimit(refusal);
	},
	({ input }, { price, isOwnLogin }) =>
		price === null && input.key.hasCeiling && isOwnLogin !== true
			? ['price-unknown', 'Its price is unknown, and the key has a ceiling.']
			: undefined,
	({ input: { call, key, settings } }, { isOwnLogin }) => {
		const refused = key.hasCeiling && isOwnLogin !== true ? refusedFields(call, settings) : [];
		return refused.length > 0
			? ['cost-not-bounded', `The cost of ${refused.join(', ')} cannot be bounded, and the key has a ceiling.`]
			: undefined;
	},
	({ input }, { price, isOwnLogin }) => {
		const unpriced = input.key.hasCeiling && isOwnLogin !== true ? unpricedTools(input.call.size.serverToolUses, price) : [];
		return unpriced.length > 0 ? ['fee-unknown', `Its fee for ${unpriced.join(', ')} is unknown, and the key has a ceiling.`] : undefined;
	},
	({ input }, { tier }) =>
		tier === 'local' && (input.call.size.choiceCount ?? 1) > 1 ? ['one-answer-only', 'The box writes one answer a call.'] : undefined,
	(one, deployment) => {
		const inputTokens = inputTokensAt(one, deployment);
		const { contextTokens, maxInputTokens } = deployment;
		if (maxInputTokens !== undefined && inputTokens > maxInputTokens) {
			return ['input-too-long', `About ${inputTokens} input tokens, and it takes ${maxInputTokens}.`];
		}
		if (outputCapFor(one.input, deployment, inputTokens) !== undefined) return undefined;
		const cap = one.input.call.outputCapTokens;
		return [
			'window-too-small',
			`About ${inputTokens} input tokens and ${cap === undefined ? 'a useful answer' : `an output cap of ${cap}`} do not fit its ${contextTokens}.`,
		];
	},
	// An agent in auto mode has the vendor judge each of its steps; an answer without that verdict would run unjudged.
	({ input }, deployment) =>
		(deployment.tier === 'local' || isCrossing(input.call, deployment)) &&
		input.call.signals.hasSafeguards === true &&
		!input.settings.mayDowngradeSafetyClassifier
			? [
					'asks-for-safety-check',
					'The call asks its vendor to check each step for danger, which nobody else does (routing.mayDowngradeSafetyClassifier lets it answer without).',
				]
			: undefined,
	({ input }, { allowedTools }) => (allowedTools === undefined ? undefined : toolFault(input.call, allowedTools)),
];

/** A model that may call only some tools must be able to do something useful with what is offered. */
function toolFault(call: Call, allowed: readonly string[]): Fault {
	const { toolNames, toolChoice } = call.signals;
	if (needsServerTools(call)) return ['server-tools', 'The call offers tools that its vendor executes.'];
	if (toolChoice === 'none' || toolNames.length === 0) return undefined;
	if (typeof toolChoice === 'object' && !allowed.includes(toolChoice.name)) {
		return ['forced-tool-not-allowed', 'The call forces a tool that this deployment may not call.'];
	}
	const hasOne = toolNames.some((name) => allowed.includes(name));
	return hasOne ? undefined : ['no-allowed-tool', 'None of the offered tools is one that this deployment may call.'];
}

function toReason([code, text]: readonly [string, string], deployment: string): Reason {
	return { step: 'eligibility', code, text, deployment };
}

export interface Eligibility {
	readonly deployment: Deployment;
	/** Empty for an eligible one. */
	readonly faults: readonly Reason[];
	/** It could answer, but not by the role's deadline: the last resort. */
	readonly late: Reason | undefined;
}

/** A late answer is better than none, so lateness alone does not make a deployment ineligible. */
function lateness(one: Case, deployment: Deployment): Reason | undefined {
	const unearned = unearnedAt(one, deployment);
	if (unearned !== undefined) return unearned;
	const ms = expectedMs(one, deployment);
	if (ms === undefined) return undefined;
	if (ms <= one.policy.deadlineMs) return slowness(one, deployment, ms);
	const text = `Its answer is expected after ${Math.ceil(ms / 1000)} s, and ${one.role} calls have ${Math.ceil(one.policy.deadlineMs / 1000)} s.`;
	return toReason(['too-slow', text], deployment.id);
}

/** What the class of a call has not earned yet is the last resort, like an answer that comes late; what must stay here, or is wanted here, stays. */
function unearnedAt({ input, role, keptHereBy, demand }: Case, { tier, id }: Deployment): Reason | undefined {
	if (tier !== 'local' || input.earned === undefined || keptHereBy !== undefined || !demandsNothing(demand)) return undefined;
	const refusal = input.earned.refusalOf(classOf(input.call, role), input.random);
	return refusal && toReason([refusal.code, refusal.text], id);
}

/** Who waits much longer than the cloud would take is not helped by an answer that costs nothing. */
function slowness(one: Case, deployment: Deployment, ms: number): Reason | undefined {
	const most = one.input.settings.mostTimesCloud;
	const cloudMs = deployment.tier === 'local' && most !== undefined ? expectedCloudMs(one) : undefined;
	if (most === undefined || cloudMs === undefined || ms <= most * cloudMs) return undefined;
	const text = `Its answer is expected after ${seconds(ms)} s, more than ${most} times the ${seconds(cloudMs)} s of the cloud.`;
	return toReason(['slower-than-cloud', text], deployment.id);
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

const OF_COUNT: readonly Check[] = [...ACCESS, ...REACH];
const OF_ANSWER: readonly Check[] = [...OF_COUNT, ...ANSWER];

export function checkDeployment(one: Case, deployment: Deployment): Eligibility {
	const isCount = one.input.call.operation === 'count-tokens';
	const faults: Reason[] = [];
	for (const check of isCount ? OF_COUNT : OF_ANSWER) {
		const fault = check(one, deployment);
		if (fault !== undefined) faults.push(toReason(fault, deployment.id));
	}
	return { deployment, faults, late: isCount || faults.length > 0 ? undefined : lateness(one, deployment) };
}
