/** The diet's rules: what a result is good for, what of it is left out, and what that is worth. */

import { describe, expect, it } from 'vitest';
import { expectedTurnsAfter, falseShareOf, gainOf } from '../../../appliance/router/diet/gain.ts';
import { resultKindOf } from '../../../appliance/router/diet/tool-kind.ts';
import { trimText } from '../../../appliance/router/diet/trim-text.ts';

const kind = (command: string | readonly string[], name = 'Bash') =>
	resultKindOf(name, JSON.stringify({ command }), { exactTools: ['Mine'] });

describe('the kind of a result', () => {
	it.each([
		['npm test', 'log'],
		['cd /app && CI=1 npm run build 2>&1', 'log'],
		['timeout 60 npx vitest run | tail -50', 'log'],
		['sudo -E /usr/bin/apt-get install -y gcc', 'log'],
		['./deploy.sh', 'output'],
		['cat src/a.ts', 'exact'],
		['npm test && cat src/a.ts', 'exact'],
		['npm test | grep foo.ts', 'exact'],
		['sed -n 1,40p a.py', 'exact'],
		['git diff', 'exact'],
		['make <<EOF', 'exact'],
		['echo $(npm test)', 'exact'],
	] as const)('of %s is %s', (command, expected) => expect(kind(command)).toBe(expected));

	it('is told from a list of words, and nothing is known of other tools', () => {
		expect(kind(['bash', '-lc', 'cargo build'], 'shell')).toBe('log');
		expect(kind(['cat', 'a.ts'], 'exec_command')).toBe('exact');
		for (const name of ['Read', 'Edit', 'Grep', 'mcp__db__query', 'Mine']) expect(kind('npm test', name)).toBe('exact');
		expect(resultKindOf(undefined, '', { exactTools: [] })).toBe('exact');
		expect(resultKindOf('Bash', 'no json', { exactTools: [] })).toBe('exact');
	});
});

const lines = (count: number, text: (index: number) => string) => Array.from({ length: count }, (_, index) => text(index));

describe('a trim', () => {
	it('keeps what a terminal would show of bars and colours', () => {
		const original = [
			'start',
			'\u001b[32mok\u001b[0m',
			'10 %\r55 %\r100 % done',
			...lines(20, (index) => `Fetching ${index * 5}% [${'#'.repeat(4 + index)}]`),
			'end',
		];
		const trimmed = trimText(original.join('\n'), 'output', 150);
		expect(trimmed?.text.split('\n')).toEqual(['start', 'ok', '100 % done', `Fetching 95% [${'#'.repeat(23)}]`, 'end']);
		expect(trimmed?.rules).toEqual(['progress']);
	});

	it('says how often a line came again', () => {
		const trimmed = trimText(['a', ...lines(9, () => 'waiting for the lock'), 'b'].join('\n'), 'output', 150);
		expect(trimmed).toMatchObject({ rules: ['repeated-lines'], lines: 11 });
		expect(trimmed?.text).toBe('a\nwaiting for the lock\n[innerloop: the line above 8 more times]\nb');
	});

	it('cuts a long log to its ends and its errors, and only a log', () => {
		const log = lines(1_000, (index) => (index === 500 ? 'src/a.ts(7,3): error TS2322: wrong' : `compiled module ${index}`)).join('\n');
		const trimmed = trimText(log, 'log', 150);
		expect(trimmed?.rules).toEqual(['long-log']);
		const text = trimmed?.text ?? '';
		for (const kept of ['compiled module 0\n', 'compiled module 497\n', 'error TS2322', 'compiled module 508\n', 'compiled module 999'])
			expect(text).toContain(kept);
		expect(text).toContain('[innerloop: 482 lines left out]');
		expect(text).not.toContain('compiled module 400\n');
		expect(text.length).toBeLessThan(log.length / 8);
		expect(trimText(log, 'output', 150)).toBeUndefined();
		expect(trimText(log, 'log', 2_000)).toBeUndefined();
	});

	it('puts a summary in front of what is left of a log', () => {
		const log = lines(400, (index) => `step ${index} of the build`).join('\n');
		const trimmed = trimText(log, 'log', 150, 'all went well');
		expect(trimmed?.rules).toEqual(['long-log', 'summary']);
		expect(trimmed?.text).toMatch(/^\[innerloop: summed up by the box's own model: all went well\]\nstep 0 /);
	});

	it('touches no line of a text that an edit may need, and nothing that is short already', () => {
		expect(trimText(lines(5_000, () => 'same').join('\n'), 'exact', 150)).toBeUndefined();
		expect(trimText('one\ntwo', 'log', 150)).toBeUndefined();
	});
});

describe('what a trim is worth', () => {
	const price = {
		inputPicoUsd: 3_000_000,
		outputPicoUsd: 15_000_000,
		cacheReadPicoUsd: 300_000,
		cacheWritePicoUsd: 3_750_000,
		cacheWrite1hPicoUsd: 6_000_000,
		source: 'test',
		date: '2026-01-01',
	};

	it('is its tokens now and on the turns to come, less what a false one costs', () => {
		const stakes = { savedTokens: 1_000, promptTokens: 100_000, expectedTurns: 10, price };
		expect(gainOf({ ...stakes, falseShare: 0 })).toBe(3_000_000 + 10 * 300_000);
		expect(gainOf({ ...stakes, falseShare: 0.01 })).toBe(6_000_000 - 0.01 * (30_000_000 + 3_000_000 + 2_250_000));
		expect(gainOf({ ...stakes, savedTokens: 20, falseShare: 0.01 })).toBeLessThan(0);
		expect(gainOf({ ...stakes, falseShare: 0.5, price: undefined })).toBe(1);
		expect(gainOf({ ...stakes, savedTokens: 0, falseShare: 0, price: undefined })).toBe(0);
	});

	it('expects as many turns as there were, and begins with one false trim in a hundred', () => {
		expect([0, 10, 1_000].map(expectedTurnsAfter)).toEqual([4, 10, 64]);
		expect(falseShareOf(0, 0)).toBe(0.01);
		expect(falseShareOf(9, 100)).toBe(0.05);
	});
});
