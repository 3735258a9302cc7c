/** The task set's own parts: its repositories fail as they should, its stand-ins know only what they are shown, its intervals are right. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTask, type Task, writeTask } from '../../../bench/tasks/make-task.ts';
import { solverOf } from '../../../bench/tasks/solver.ts';
import { pairedDifference, shareDifference, shareOf } from '../../../bench/tasks/statistics.ts';
import type { Answer, Turn } from '../../support/upstream/script.ts';

describe('a task', () => {
	it.each([0, 1, 2, 3, 4, 5])('%i fails as it is, by the log’s own word, passes with its fix and fails with the wrong one', (seed) => {
		const task = makeTask(seed);
		const folder = mkdtempSync(join(tmpdir(), 'innerloop-task-test-'));
		const run = () => spawnSync(process.execPath, ['run-tests.mjs'], { cwd: folder, encoding: 'utf8' });
		const text = task.files[task.path] ?? '';
		try {
			writeTask(folder, task);
			const failed = run();
			expect(failed.status).toBe(1);
			expect(failed.stdout).toContain(`FAIL ${task.symbol}:`);
			writeTask(folder, { files: { [task.path]: text.replace(task.bad, task.wrong) } });
			expect(run().status).toBe(1);
			writeTask(folder, { files: { [task.path]: text.replace(task.bad, task.good) } });
			expect(execFileSync(process.execPath, ['run-tests.mjs'], { cwd: folder, encoding: 'utf8' })).toContain('all tests passed');
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});

	it('is the same for the same seed, and another for another', () => {
		expect(makeTask(7)).toEqual(makeTask(7));
		expect(makeTask(7).symbol).not.toBe(makeTask(13).symbol);
	});
});

describe('a stand-in', () => {
	const task = makeTask(0);
	const ran = (tool: string, input: object, result: string) => [
		{ role: 'assistant', content: [{ type: 'tool_use', id: `${tool}${result.length}`, name: tool, input }] },
		{ role: 'user', content: [{ type: 'tool_result', tool_use_id: `${tool}${result.length}`, content: result }] },
	];
	const ask = async (messages: readonly object[], skill: number, one: Task = task) => {
		const body = { messages: [{ role: 'user', content: 'mend it' }, ...messages] };
		const turn = { body, model: 'm', toolNames: ['Edit'], firstUserText: '' } as unknown as Turn;
		return ((await solverOf([one], () => skill)(turn)) as Answer).content[0];
	};
	const test = (log: string) => ran('Bash', { command: 'npm test --silent' }, log);
	const failed = test(`FAIL ${task.symbol}: wrong`);
	const read = ran('Read', { file_path: task.path }, task.files[task.path] ?? '');

	it('begins with the tests, and reads back what was cut out of its sight', async () => {
		expect(await ask([], 1)).toMatchObject({ tool: 'Bash' });
		const url = `http://127.0.0.1:1/innerloop/v1/originals/${'a'.repeat(32)}`;
		expect(await ask(test(`[innerloop left out 9 of 99 lines. curl -sS ${url}]`), 1)).toMatchObject({
			input: { command: `curl -sS ${url}` },
		});
		expect(await ask(test('nothing to see'), 1)).toMatchObject({ input: { command: 'npm test --silent' } });
	});

	it('sends somebody, and looks itself where they were wrong', async () => {
		expect(await ask(failed, 1)).toMatchObject({ tool: 'Agent' });
		const told = [...failed, ...ran('Agent', {}, 'In src-nowhere.mjs.')];
		expect(await ask(told, 1)).toMatchObject({ tool: 'Read', input: { file_path: 'src-nowhere.mjs' } });
		expect(await ask([...told, ...ran('Read', { file_path: 'src-nowhere.mjs' }, 'no such file')], 1)).toMatchObject({ tool: 'Grep' });
	});

	it('edits as well as its skill allows, and gives up in the end', async () => {
		const known = [...failed, ...read, ...ran('Read', { file_path: task.path }, '[the same text as above]')];
		expect(await ask(known, 1)).toMatchObject({ tool: 'Edit', input: { old_string: task.bad, new_string: task.good } });
		expect(await ask(known, 0)).toMatchObject({ tool: 'Edit', input: { old_string: task.bad, new_string: task.wrong } });
		const tries = Array.from({ length: 5 }, (_, index) => ran('Edit', { new_string: 'x' }, 'y'.repeat(index + 1))).flat();
		expect(await ask([...known, ...tries, ...test(`FAIL ${task.symbol}: still`)], 1)).toBe('I cannot find what is wrong.');
		expect(await ask([...known, ...test('all tests passed')], 1)).toBe('The tests pass.');
	});
});

describe('intervals', () => {
	it('are Wilson’s and Newcombe’s', () => {
		// Newcombe's own example (a), method 10: 56 of 70 against 48 of 80 differ by 0.2, 0.0524 to 0.3339.
		const { value, low, high } = shareDifference(shareOf(48, 80), shareOf(56, 70));
		expect([value, low, high].map((one) => one.toFixed(4))).toEqual(['0.2000', '0.0524', '0.3339']);
	});

	it('of pairs are those of their differences', () => {
		const { value, low, high } = pairedDifference([5, 7, 9], [4, 5, 6]);
		expect(value).toBe(2);
		// t(2) = 4.303, standard error 1 ÷ √3.
		expect([low, high]).toEqual([expect.closeTo(2 - 4.303 / Math.sqrt(3), 6), expect.closeTo(2 + 4.303 / Math.sqrt(3), 6)]);
	});
});
