/** What the operator sets about classes of calls that have to earn being answered by the box's own model. */

import { z } from 'zod';
import { EARNED_MODES, type EarnedSettings } from '../protocol/earned.ts';

const percent = z.number().min(0).max(100);
const count = z.number().int().positive();

const classSchema = z.strictObject({
	barPercent: percent.optional().describe('Lower confidence bound of agreement that the class has to pass. Default: earned.barPercent.'),
	starts: z
		.enum(['local', 'watched', 'never'])
		.default('watched')
		.describe('Before there is evidence: on the box, or in the cloud and watched; never: in the cloud whatever the evidence says.'),
});

export const earnedSchema = z.strictObject({
	mode: z
		.enum(EARNED_MODES)
		.default('off')
		.describe(
			'observe: while nobody calls, the box answers again what the cloud answered, and counts how often they agree. on: a class of calls goes to the box only once it has earned it (docs/savings.md).',
		),
	barPercent: percent.default(90).describe('Lower confidence bound of agreement that a class has to pass.'),
	classes: z
		.record(z.string().min(1), classSchema)
		.default({ title: { starts: 'local' }, 'commit-message': { starts: 'local' } })
		.describe('By name, as `innerloop earned` prints them: inner/subagent/after-reading, title.'),
	fewestComparisons: count.max(100_000).default(40).describe('Fewer say nothing.'),
	windowComparisons: count.max(10_000).default(300).describe('Only the newest of a class count, so that a change shows.'),
	auditPercent: percent
		.max(50)
		.default(5)
		.describe('Share of a local class’s calls that the cloud answers all the same, so that evidence goes on.'),
	idleMs: z
		.number()
		.int()
		.min(100)
		.max(3_600_000)
		.default(5_000)
		.describe('How long nobody may have called before the box answers in shadow.'),
});

export function toEarned(config: z.infer<typeof earnedSchema>): EarnedSettings {
	const bar = config.barPercent / 100;
	const classes = Object.entries(config.classes).map(([name, { barPercent, starts }]) => {
		return [name, { bar: barPercent === undefined ? bar : barPercent / 100, starts }] as const;
	});
	return {
		mode: config.mode,
		usual: { bar, starts: 'watched' },
		classes: Object.fromEntries(classes),
		fewest: config.fewestComparisons,
		window: config.windowComparisons,
		auditShare: config.auditPercent / 100,
		idleMs: config.idleMs,
	};
}
