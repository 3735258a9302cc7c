/** What the operator sets about routing that learns: off unless it is turned on. */

import { z } from 'zod';
import type { LearningSettings, PacingSettings } from '../protocol/learning.ts';
import { ROLES } from '../protocol/words.ts';

const count = z.number().int().positive();
const percent = z.number().min(0).max(100);
const points = z.number().min(0).max(1_000);

export const LEARNING_PRESETS = ['cheapest', 'balanced', 'best'] as const;

const PRESETS = {
	cheapest: { costPoints: 60, explorationPoints: 1, pointsPerMinute: 2, switchPoints: 10, turnsAhead: 8 },
	balanced: { costPoints: 30, explorationPoints: 1, pointsPerMinute: 6, switchPoints: 10, turnsAhead: 8 },
	best: { costPoints: 5, explorationPoints: 1, pointsPerMinute: 3, switchPoints: 10, turnsAhead: 8 },
} as const;

const weightsSchema = z
	.strictObject({
		costPoints: points.optional().describe('Points between $0.0001 and $0.10 for a thousand tokens, on a logarithm.'),
		explorationPoints: points.optional().describe('Points for one standard error of what is believed of a deployment.'),
		pointsPerMinute: points.optional().describe('Points that a minute of waiting costs.'),
		switchPoints: points.optional().describe('Points that leaving a warm prompt cache costs where that never pays back.'),
		turnsAhead: count.max(1_000).optional().describe('Turns within which leaving a warm prompt cache has to pay back.'),
	})
	.prefault({})
	.describe('In the place of single weights of the preset. A point is one per cent of a chance that the answer is good.');

const pacingSchema = z.strictObject({
	targetUsdPerCall: z
		.number()
		.positive()
		.max(1_000)
		.optional()
		.describe('Mean cost of a call that the team’s calls of a period never exceed by more than the tolerance. Default: none is held.'),
	tolerancePermille: z.number().int().min(0).max(1_000).default(4).describe('In thousandths of the target.'),
	openingCreditCalls: z
		.number()
		.int()
		.min(0)
		.max(100_000)
		.default(100)
		.describe('Room at the start of each period, in target costs: without any, no first call could be paid.'),
	period: z.enum(['day', 'month']).default('day').describe('In UTC, as the ledger counts.'),
	withoutRoom: z
		.enum(['refuse', 'queue', 'exception'])
		.default('refuse')
		.describe(
			'A call that no free deployment can take and the mean has no room for: refused, held back for queueMs, or let through and counted.',
		),
	queueMs: count.max(600_000).default(10_000),
	meanWeight: z.number().positive().max(1).default(0.05).describe('Weight of the newest call in the mean that is steered by.'),
	step: z.number().positive().max(10).default(0.05).describe('Step of the pressure on cost (λ), a call.'),
	maxLambda: z.number().positive().max(100).default(5),
});

export const learningSchema = z.strictObject({
	preset: z
		.enum(['off', ...LEARNING_PRESETS])
		.default('off')
		.describe('Order deployments by one learned score, in the place of the rules by role. The rules still say which tiers a role may use.'),
	roles: z.array(z.enum(ROLES)).min(1).default(['inner', 'mid']).describe('Calls that the score orders.'),
	weights: weightsSchema,
	chancePercent: percent.max(50).default(2).describe('Share of calls that go to any eligible deployment, so that others can be judged.'),
	trialCalls: z.number().int().min(0).max(10_000).default(10).describe('Calls that a deployment added later is given to begin with.'),
	usualQualityPercent: z
		.strictObject({ frontier: percent.default(93), mid: percent.default(90), local: percent.default(70) })
		.prefault({})
		.describe('What a tier is taken for before anything is known of a deployment.'),
	usualCalls: count.max(1_000_000).default(50).describe('For how many calls that counts.'),
	forgetting: z.number().min(0.9).max(1).default(0.997).describe('Weight of what was learned one call ago.'),
	pacing: pacingSchema.prefault({}),
});

export function toLearning(config: z.infer<typeof learningSchema>): LearningSettings {
	const { preset, weights: own, usualQualityPercent: usual } = config;
	const base = PRESETS[preset === 'off' ? 'balanced' : preset];
	return {
		isOn: preset !== 'off',
		roles: config.roles,
		weights: {
			cost: (own.costPoints ?? base.costPoints) / 100,
			exploration: (own.explorationPoints ?? base.explorationPoints) / 100,
			pointsPerMinute: own.pointsPerMinute ?? base.pointsPerMinute,
			switchPoints: own.switchPoints ?? base.switchPoints,
			turnsAhead: own.turnsAhead ?? base.turnsAhead,
		},
		chance: config.chancePercent / 100,
		trialCalls: config.trialCalls,
		usualQuality: { frontier: usual.frontier / 100, mid: usual.mid / 100, local: usual.local / 100 },
		usualCalls: config.usualCalls,
		forgetting: config.forgetting,
		pacing: toPacing(config.pacing),
	};
}

function toPacing({ targetUsdPerCall, openingCreditCalls, ...rest }: z.infer<typeof pacingSchema>): PacingSettings | undefined {
	if (targetUsdPerCall === undefined) return undefined;
	const targetNanoUsd = Math.max(1, Math.floor(targetUsdPerCall * 1e9));
	return { ...rest, targetNanoUsd, openingCreditNanoUsd: openingCreditCalls * targetNanoUsd };
}
