/** Gathers what the router decides from, asks it, and notes what it said. */

import type { Settings } from '../config/settings.ts';
import type { Call } from '../protocol/call.ts';
import type { Deployment, DeploymentHealth } from '../protocol/deployment.ts';
import type { Key } from '../protocol/member.ts';
import type { CallHints, Plan, PlanInput } from '../protocol/plan.ts';
import type { CallerRequest, HeaderMap, LedgerScope } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { HINT_HEADERS, ROLES, TIERS } from '../protocol/words.ts';
import { planCall } from '../router/plan-call.ts';
import { treeKeyOf } from '../router/tree-key.ts';
import type { Box } from './box.ts';
import { healthOf } from './health-of.ts';
import { localMark } from './local-mark.ts';
import type { Walk } from './walk.ts';

/** The plan may be a refusal (`plan.problem`); throws only for hints that say nothing. */
export function planWalk(box: Box, walk: Walk, call: Call): Plan {
	if (box.learning.isOn) box.learning.heard(walk.arrival.key, call);
	const { plan, scope, input } = planCallNow(box, walk.arrival, call);
	box.recentPlans.note({ callId: walk.arrival.callId, at: walk.arrival.at, input });
	walk.plan = plan;
	walk.scope = scope;
	if (box.live.isWatched) box.live.began(walk);
	return plan;
}

export interface Asking {
	readonly settings: Settings;
	readonly deployments: readonly Deployment[];
	readonly key: Key;
	readonly request: CallerRequest;
}

export function planCallNow(
	box: Box,
	{ settings, deployments, key, request }: Asking,
	call: Call,
	{ ignoresMean = false }: { readonly ignoresMean?: boolean } = {},
) {
	const hints = hintsOf(request.headers);
	const scope = scopeOf(settings, key, call, hints);
	const allowance = box.store.ledger.allowance(scope);
	const policy = box.learning.isOn ? box.learning.policyFor(deployments) : undefined;
	const input: PlanInput = {
		call,
		key,
		hints,
		settings: settings.routing,
		deployments,
		health: healthOf(box, settings, deployments, localMark(key, call)),
		affinity: box.memory.affinityOf(key, call, request.body),
		allowance: ignoresMean || !box.learning.isPaced ? allowance : box.learning.narrow(allowance, key, call),
		nowMs: box.clock.nowMs(),
		random: box.random(),
		...(policy === undefined ? {} : { policy }),
		...(box.earned.policy === undefined ? {} : { earned: box.earned.policy }),
	};
	return { plan: withAdmission(box, planAlsoResting(input)), scope, input };
}

/** Says where the machine slows the local model down: a call may then wait longer there, or be expected to. */
function withAdmission({ machine: { admission }, engine }: Box, plan: Plan): Plan {
	if (admission.state !== 'slow' || engine.status().state !== 'ready') return plan;
	const text = `The local model takes one call at a time. ${admission.reason}`;
	return { ...plan, reasons: [...plan.reasons, { step: 'eligibility', code: 'local-slowed', text, deployment: 'local' }] };
}

/**
 * A rest keeps calls off a failing deployment while another can take them. Where none can, the call goes there all the
 * same: the upstream's own answer and its retry-after tell the caller more than a refusal of ours.
 */
function planAlsoResting(input: PlanInput): Plan {
	const plan = planCall(input);
	const isResting = ({ cooldownUntilMs }: DeploymentHealth) => cooldownUntilMs > input.nowMs;
	if (plan.problem?.code !== 'no-eligible-deployment' || ![...input.health.values()].some(isResting)) return plan;
	const health = new Map([...input.health].map(([id, one]) => [id, { ...one, cooldownUntilMs: 0 }]));
	const second = planCall({ ...input, health });
	if (second.problem !== undefined) return plan;
	const text = 'It failed lately and should rest, but nobody else can take the call.';
	return { ...second, reasons: [...second.reasons, { step: 'eligibility', code: 'resting-but-only', text }] };
}

function scopeOf(settings: Settings, key: Key, call: Call, hints: CallHints): LedgerScope {
	return {
		keyId: key.id,
		memberId: key.memberId,
		treeKey: treeKeyOf(key, call, hints),
		sessionId: call.signals.sessionId,
		hasCeiling: key.hasCeiling,
		treeCeilingNanoUsd: key.treeCeilingNanoUsd ?? settings.budgets.treeNanoUsd,
	};
}

function hintsOf(headers: HeaderMap): CallHints {
	const text = (name: string) => {
		const value = headers[name];
		return typeof value === 'string' && value !== '' ? value : undefined;
	};
	return {
		role: oneOf(ROLES, HINT_HEADERS.role, text(HINT_HEADERS.role)),
		tier: oneOf(TIERS, HINT_HEADERS.tier, text(HINT_HEADERS.tier)),
		deployment: text(HINT_HEADERS.deployment),
		tree: text(HINT_HEADERS.tree),
		...(headers[HINT_HEADERS.data] === undefined ? {} : { isLocalOnly: isLocalOnly(headers[HINT_HEADERS.data]) }),
	};
}

/** A rule that is not understood is not passed over: the call is refused. */
function isLocalOnly(value: HeaderMap[string]): true {
	if (value === 'local-only') return true;
	throw new Problem('invalid-call', `${HINT_HEADERS.data}: the only value is local-only.`);
}

function oneOf<T extends string>(words: readonly T[], header: string, value: string | undefined): T | undefined {
	if (value === undefined) return undefined;
	const word = words.find((one) => one === value);
	if (word === undefined)
		throw new Problem('invalid-call', `${header}: ${JSON.stringify(value.slice(0, 50))} is none of ${words.join(', ')}.`);
	return word;
}
