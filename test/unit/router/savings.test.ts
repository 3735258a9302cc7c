/** What `npm run bench:savings` replays: the eligible calls that the design names, and a policy that never costs more. */

import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../appliance/config/load-config.ts';
import { FREE } from '../../../appliance/config/price.ts';
import { exampleSession } from '../../../bench/savings/example-session.ts';
import { recordedSession } from '../../../bench/savings/recorded-session.ts';
import { eligibility, replay, type Setting } from '../../../bench/savings/replay.ts';
import { LOCAL } from './make-input.ts';

const loaded = loadConfig(undefined, { ANTHROPIC_API_KEY: 'none' });
if (!loaded.ok) throw new Error('the embedded configuration is refused');
const { deployments, routing } = loaded.settings;

const RATES = { prefill: 133, decode: 15 };
const WINDOW = 131_072;
const OPUS = deployments.filter(({ id }) => id === 'claude-opus-4-7');

const setting = (part: Partial<Setting> = {}): Setting => ({
	deployments: [...deployments, { ...LOCAL, contextTokens: WINDOW, maxOutputTokens: WINDOW, price: FREE }],
	settings: routing,
	rates: RATES,
	hasPromptCache: true,
	model: 'claude-opus-4-7',
	newInputAs: 'input',
	...part,
});
const sessions = [exampleSession(false), exampleSession(true), recordedSession()];
const costOf = (calls: ReturnType<typeof replay>) => calls.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);

describe('the recorded session', () => {
	const found = recordedSession().calls.map((call) => eligibility(call, WINDOW, 30_000, RATES));

	it('fits a window of 128K with 37 calls, and ends in 30 s with 16 of them', () => {
		expect(found.filter(({ fits }) => fits)).toHaveLength(37);
		expect(found.filter(({ inTimeWarm }) => inTimeWarm)).toHaveLength(16);
	});

	it('costs what its vendor billed when every call stays where it was', () => {
		const frontier = replay(recordedSession(), setting({ deployments: OPUS }));
		expect(costOf(frontier)).toBe(42_726_870_000);
	});
});

describe.each(sessions)('$name', (session) => {
	it.each([true, false])('costs no more under the policy than at the frontier (prompt cache: %s)', (hasPromptCache) => {
		const frontier = replay(session, setting({ hasPromptCache, deployments: OPUS }));
		const policy = replay(session, setting({ hasPromptCache }));
		expect(policy).toHaveLength(session.calls.length);
		expect(costOf(policy)).toBeLessThanOrEqual(costOf(frontier));
		expect(costOf(policy)).toBeGreaterThan(0);
	});
});

it('a session without sub-agents saves nothing: every turn of a main loop is outer', () => {
	const loop = exampleSession(true);
	expect(costOf(replay(loop, setting()))).toBe(costOf(replay(loop, setting({ deployments: OPUS }))));
});
