/** Plans one call: role, eligible deployments, their order, and what has to be reserved. Pure: clock and chance come in as arguments. */

import type { RejectedDeployment } from '../protocol/decision.ts';
import type { Plan, PlanCall, PlanInput } from '../protocol/plan.ts';
import { Problem } from '../protocol/problem.ts';
import { fitBudget } from './budget/fit.ts';
import { type Case, openCase } from './case.ts';
import { choose } from './choose.ts';
import { estimateCount } from './count-estimate.ts';
import { checkDeployment, type Eligibility } from './eligibility.ts';
import { noCandidate } from './no-candidate.ts';
import { refusedFields, withheldTools } from './refused-fields.ts';
import { treeKeyOf } from './tree-key.ts';

/** Fields that can cost more than the bound knows are refused under a ceiling, whoever would answer; unless a plan may pay. */
function unbounded({ call, key, settings, deployments }: PlanInput): Problem | undefined {
	const refused = refusedFields(call, settings);
	if (!key.hasCeiling || call.operation === 'count-tokens' || refused.length === 0) return undefined;
	if (deployments.some(({ isOwnLogin }) => isOwnLogin === true)) return undefined;
	const fields = refused.join(', ');
	const text = `The cost of this call cannot be bounded, and its key has a ceiling: ${fields}. Leave out what is named, or use a key without a ceiling.`;
	return new Problem('cost-not-bounded', text, { details: { fields: refused } });
}

/** By why it would not have been taken, had there been another. */
const LAST_RESORT: Readonly<Record<string, string>> = { 'not-earned': 'not-earned-but-only', 'earned-audit': 'not-earned-but-only' };

/** Late deployments are taken only where nobody is in time. */
function sortOut(checked: readonly Eligibility[]) {
	const able = checked.filter(({ faults }) => faults.length === 0);
	const inTime = able.filter(({ late }) => late === undefined);
	const taken = inTime.length > 0 ? inTime : able;
	const rejected = checked.flatMap((one): RejectedDeployment[] => {
		if (taken.includes(one)) return [];
		return [{ deployment: one.deployment.id, reasons: one.late === undefined ? one.faults : [one.late] }];
	});
	const lateOnes = taken.flatMap(({ late }) =>
		late === undefined ? [] : [{ ...late, code: LAST_RESORT[late.code] ?? 'too-slow-but-only' }],
	);
	return { eligible: taken.map(({ deployment }) => deployment), rejected, reasons: lateOnes };
}

function refuse(one: Case, problem: Problem | undefined, rejected: readonly RejectedDeployment[] = []): Plan {
	return {
		role: one.role,
		treeKey: treeKeyOf(one.input.key, one.input.call, one.input.hints),
		candidates: [],
		rejected,
		reasons: one.reasons,
		outputCapTokens: undefined,
		reservationNanoUsd: 0,
		billableTries: 0,
		problem,
		...(one.experiment === undefined ? {} : { experiment: one.experiment }),
	};
}

function answerNobody(one: Case, checked: readonly Eligibility[], rejected: readonly RejectedDeployment[]): Plan {
	const estimate = estimateCount(one, checked);
	if (estimate === undefined) return refuse(one, noCandidate(one, checked), rejected);
	const { reason, inputTokens } = estimate;
	return { ...refuse(one, undefined, rejected), reasons: [...one.reasons, reason], estimatedInputTokens: inputTokens };
}

/** Nobody's call fails for the sake of a comparison: what cannot be had unrouted is routed, and stays in its group. */
export const planCall: PlanCall = (input) => {
	const plan = planOnce(input);
	if (plan.problem === undefined || plan.experiment?.arm !== 'control') return plan;
	const { control: _, ...settings } = input.settings;
	return { ...planOnce({ ...input, settings }), experiment: plan.experiment };
};

const planOnce: PlanCall = (input) => {
	const one = openCase(input);
	const early = one.demand.problem ?? unbounded(input);
	if (early !== undefined) return refuse(one, early);
	const checked = input.deployments.map((deployment) => checkDeployment(one, deployment));
	const { eligible, rejected, reasons } = sortOut(checked);
	if (eligible.length === 0) return answerNobody(one, checked, rejected);
	const choice = choose(one, eligible);
	const fit = fitBudget(one, choice.ranked);
	const { reasons: withheld, ...without } = withheldTools(input);
	return {
		role: one.role,
		treeKey: treeKeyOf(input.key, input.call, input.hints),
		candidates: fit.candidates,
		rejected,
		reasons: [...one.reasons, ...reasons, ...choice.reasons, ...fit.reasons, ...withheld],
		outputCapTokens: fit.candidates[0]?.outputCapTokens,
		reservationNanoUsd: fit.reservationNanoUsd,
		billableTries: fit.billableTries,
		problem: fit.problem,
		...without,
		...(choice.note === undefined ? {} : { policy: choice.note }),
		...(one.experiment === undefined ? {} : { experiment: one.experiment }),
		...(one.keptHereBy === undefined ? {} : { isKeptHere: true }),
	};
};
