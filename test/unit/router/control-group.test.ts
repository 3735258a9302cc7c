import { describe, expect, it } from 'vitest';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { placeOf } from '../../../appliance/router/savings/control-group.ts';
import { call, claudeCode, HAIKU, health, input, LOCAL, OPUS, SONNET, subagent, TEAM } from './make-input.ts';

type Part = Parameters<typeof input>[0];
const settingsAt = (share: number) => ({ ...input({}).settings, control: { share } });
const planAt = (share: number, part: Part) => planCall({ ...input(part), settings: settingsAt(share) });
const prompt = (index: number) => ({ promptId: `prompt-${index}` });

/** A sub-agent's call of a prompt whose tree is in that group. */
function callOf(arm: 'control' | 'routed', part: Parameters<typeof subagent>[0] = {}) {
	for (let index = 0; ; index += 1) {
		const one = subagent({ ...part, signals: { ...part.signals, ...prompt(index) } });
		if (planAt(0.5, { call: one }).experiment?.arm === arm) return one;
	}
}

describe('who is in the control group', () => {
	it('is the set share of trees, within what chance allows', () => {
		const keys = Array.from({ length: 20_000 }, (_, index) => `k1/prompt/${index}`);
		for (const share of [0.05, 0.1, 0.5]) {
			const count = keys.filter((key) => placeOf(key) < share).length;
			expect(Math.abs(count - 20_000 * share)).toBeLessThan(4 * Math.sqrt(20_000 * share * (1 - share)));
		}
	});

	it('does not depend on how keys end: neighbours fall apart', () => {
		const places = Array.from({ length: 1_000 }, (_, index) => placeOf(`k1/session/s/turn-${index}`));
		const steps = places.slice(1).map((place, index) => Math.abs(place - (places[index] ?? 0)));
		expect(steps.filter((step) => step < 0.01).length).toBeLessThan(60);
	});

	it('is the same for every call of a tree', () => {
		const arms = Array.from({ length: 50 }, (_, index) => {
			const main = planAt(0.5, { call: claudeCode({ signals: prompt(index) }) }).experiment?.arm;
			const sub = planAt(0.5, { call: subagent({ signals: prompt(index) }) }).experiment?.arm;
			expect(sub).toBe(main);
			return main;
		});
		expect(new Set(arms)).toEqual(new Set(['control', 'routed']));
	});

	it.each([
		['there is no control group', 0, {}],
		['only tokens are counted', 1, { call: subagent({ operation: 'count-tokens' }) }],
		['a place is demanded', 1, { hints: { role: undefined, tier: 'mid', deployment: undefined, tree: undefined } }],
		[
			'a data rule keeps the text',
			1,
			{ hints: { role: undefined, tier: undefined, deployment: undefined, tree: undefined, isLocalOnly: true } },
		],
	] as const)('is nobody where %s', (_, share, part) => {
		expect(planAt(share, { call: subagent(), ...(part as Part) }).experiment).toBeUndefined();
	});
});

describe('a call in the control group', () => {
	it('goes to the model that it names, and says why', () => {
		const plan = planAt(1, { call: subagent({ model: 'claude-opus-4-7' }) });
		expect(plan.candidates[0]?.deployment).toBe('claude-opus-4-7');
		expect(plan.role).toBe('inner');
		expect(plan.reasons.map(({ code }) => code)).toContain('control-group');
		expect(plan.experiment).toEqual({ arm: 'control', isTouched: true });
		expect(planAt(1, { call: subagent({ model: 'claude-haiku-4-5-20251001' }) }).candidates[0]?.deployment).toBe('claude-haiku-4-5');
		expect(planAt(1, { call: call({ model: 'nobody-knows-it' }) }).candidates[0]?.deployment).toBe('claude-opus-4-7');
	});

	it('never goes to a lesser one, nor to the box', () => {
		const plan = planAt(1, { call: subagent({ model: 'claude-opus-4-7' }) });
		expect(plan.candidates.map(({ deployment }) => deployment)).toEqual(['claude-opus-4-7']);
	});

	it('is routed where the named model cannot be had, and stays in its group', () => {
		const one = callOf('control');
		const down = new Map([['claude-opus-4-7', health({ isUp: false })]]);
		const plan = planAt(0.5, { call: one, health: down });
		expect(plan.problem).toBeUndefined();
		expect(plan.candidates[0]?.deployment).toBe('local');
		expect(plan.experiment?.arm).toBe('control');
	});

	it('leaves the calls of other trees as they were', () => {
		const one = callOf('routed');
		const { experiment, ...plan } = planAt(0.5, { call: one });
		expect(experiment).toEqual({ arm: 'routed', isTouched: true });
		expect(plan).toEqual(planCall(input({ call: one })));
	});

	it('is judged by its role before its group is looked at', () => {
		const turns = Array.from({ length: 20 }, (_, index) => planAt(0.5, { call: claudeCode({ signals: prompt(index) }) }));
		expect(new Set(turns.map(({ experiment }) => experiment?.arm)).size).toBe(2);
		expect(turns.every(({ experiment }) => experiment?.isTouched === false)).toBe(true);
	});

	it('has its safety classifier protected as ever', () => {
		const plan = planAt(1, { call: claudeCode({ signals: { purpose: 'safety-classifier' } }), deployments: [OPUS, SONNET, HAIKU, LOCAL] });
		expect(plan.experiment).toBeUndefined();
		expect(TEAM.some(({ id }) => id === plan.candidates[0]?.deployment)).toBe(true);
	});
});
