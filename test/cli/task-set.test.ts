/** The task set on a few tasks: a real client through real boxes, all-frontier beside a worse middle class and a diet. */

import { expect, it } from 'vitest';
import { ARMS, type ArmResult, runArm } from '../../bench/tasks/arms.ts';
import { makeTask } from '../../bench/tasks/make-task.ts';

const TASKS = [0, 1, 2].map(makeTask);

function armNamed(name: string) {
	const arm = ARMS.find((one) => one.name === name);
	if (arm === undefined) throw new Error(`no arm ${name}`);
	return arm;
}

const run = (name: string, midSkill: number) =>
	runArm(armNamed(name), TASKS, { midSkill, isReal: false, model: 'claude-opus-4-8', mostTurns: 30 });
const sum = ({ worked }: ArmResult, of: (one: ArmResult['worked'][number]) => number) => worked.reduce((total, one) => total + of(one), 0);
const solved = ({ worked }: ArmResult) => worked.filter(({ isSolved }) => isSolved).length;

it('solves as many with a diet for less money, and as many with bad helpers for more turns', async () => {
	const frontier = await run('frontier', 1);
	expect(solved(frontier)).toBe(TASKS.length);

	const diet = await run('frontier-diet', 1);
	expect([solved(diet), sum(diet, ({ turns }) => turns)]).toEqual([TASKS.length, sum(frontier, ({ turns }) => turns)]);
	expect(diet.diet).toMatchObject({ falseTrims: 0 });
	expect(diet.diet?.trimmed).toBeGreaterThanOrEqual(2 * TASKS.length);
	const cost = (result: ArmResult) => sum(result, ({ costNanoUsd }) => costNanoUsd);
	expect(cost(diet)).toBeLessThan(0.7 * cost(frontier));

	// Helpers that are never right: each of their reports costs the main loop turns of its own.
	const routed = await run('routed', 0);
	expect(solved(routed)).toBe(TASKS.length);
	expect(sum(routed, ({ turns }) => turns)).toBeGreaterThanOrEqual(sum(frontier, ({ turns }) => turns) + 2 * TASKS.length);
});
