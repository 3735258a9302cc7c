import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScratchTree, type ScratchTree } from './scratch-tree.ts';

const FILE = 'test/unit/violation.test.ts';
const HEAD = "import { expect, test } from 'vitest';\n\n";

/** Each ends a test run with failures, whatever else passes. */
const VIOLATIONS: readonly (readonly [what: string, text: string])[] = [
	['a failing test', `${HEAD}test('adds', () => {\n\texpect(1 + 1).toBe(3);\n});\n`],
	['a file that cannot be loaded', `${HEAD}import '../../appliance/nowhere.ts';\n\ntest('adds', () => {\n\texpect(2).toBe(2);\n});\n`],
	['an error that nobody caught', `${HEAD}test('adds', () => {\n\tvoid Promise.reject(new Error('lost'));\n\texpect(2).toBe(2);\n});\n`],
	['a file without a test', "import { expect } from 'vitest';\n\nexpect(1).toBe(1);\n"],
];

const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1) ?? '';

describe('npm test and npm run check, on a small tree', () => {
	let tree: ScratchTree;
	beforeAll(() => {
		tree = createScratchTree();
	});
	afterAll(() => tree.delete());

	test('check passes a clean tree', async () => {
		const { code, output } = await tree.run(['scripts/check.ts']);
		expect(output).toContain('check: all gates pass');
		expect(code).toBe(0);
	});

	test('npm test passes a clean tree and ends with the count', async () => {
		const { code, output } = await tree.run(['scripts/run-tests.ts']);
		expect(lastLine(output)).toMatch(/^\d+ passed, 0 failed$/);
		expect(code).toBe(0);
	});

	test('a static gate that fails counts as a failure', async () => {
		tree.write({ 'appliance/server/violation.ts': "export const a: number = 'text';\n" });
		const { code, output } = await tree.run(['scripts/run-tests.ts']);
		const check = await tree.run(['scripts/check.ts']);
		tree.remove('appliance/server/violation.ts');
		expect(output).toContain('FAIL  types');
		expect(lastLine(output)).toMatch(/^\d+ passed, 2 failed$/);
		expect(code).toBe(1);
		expect(check.output).toContain('check: 2 of 5 gates failed');
		expect(check.code).toBe(1);
	});

	test.each(VIOLATIONS)('%s fails npm test', async (_what, text) => {
		tree.write({ [FILE]: text });
		const { code, output } = await tree.run(['scripts/run-tests.ts', 'test/unit']);
		tree.remove(FILE);
		expect(lastLine(output)).toMatch(/^\d+ passed, 1 failed$/);
		expect(code).toBe(1);
	});

	test('a failing unit test fails check', async () => {
		tree.write({ [FILE]: VIOLATIONS[0]?.[1] ?? '' });
		const { code, output } = await tree.run(['scripts/check.ts']);
		tree.remove(FILE);
		expect(output).toContain('FAIL  unit tests');
		expect(code).toBe(1);
	});

	test('a pattern that no test file has is a failure, not a success', async () => {
		const { code, output } = await tree.run(['scripts/run-tests.ts', 'no-such-file']);
		expect(lastLine(output)).toBe('0 passed, 1 failed');
		expect(code).toBe(1);
	});

	test('a test outside the planned folders still runs', async () => {
		tree.write({ 'test/elsewhere/violation.test.ts': VIOLATIONS[0]?.[1] ?? '' });
		const { output } = await tree.run(['scripts/run-tests.ts', 'elsewhere']);
		tree.remove('test/elsewhere/violation.test.ts');
		expect(lastLine(output)).toBe('0 passed, 1 failed');
	});
});
