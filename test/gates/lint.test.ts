import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScratchTree, type ScratchTree } from './scratch-tree.ts';

const GATE = 'format, lint, boundaries';
const FILE = 'appliance/server/violation.ts';

/** Text that the gate must refuse, by the rule that refuses it. */
const VIOLATIONS: readonly (readonly [rule: string, text: string, file?: string])[] = [
	['format', 'export const a   = 1\n'],
	['lint/nursery/noFloatingPromises', 'async function work(): Promise<void> {}\n\nexport function start(): void {\n\twork();\n}\n'],
	[
		'lint/nursery/noMisusedPromises',
		'export async function isReady(): Promise<boolean> {\n\treturn true;\n}\n\nexport function check(): number {\n\tif (isReady()) return 1;\n\treturn 0;\n}\n',
	],
	['lint/suspicious/noExplicitAny', 'export function read(value: any): string {\n\treturn String(value);\n}\n'],
	['lint/suspicious/noTsIgnore', '// @ts-ignore\nexport const a: string = 1;\n'],
	[
		'lint/style/useImportType',
		"import { Server } from 'node:net';\n\nexport function close(server: Server): void {\n\tserver.close();\n}\n",
	],
	['lint/correctness/noUnusedImports', "import { join } from 'node:path';\n\nexport const a = 1;\n"],
	['lint/correctness/noUnusedVariables', 'export function read(): number {\n\tconst unused = 1;\n\treturn 2;\n}\n'],
	['lint/style/noNonNullAssertion', 'export function first(list: string[]): string {\n\treturn list[0]!;\n}\n'],
	['lint/style/noDefaultExport', 'export default 1;\n'],
	['lint/style/noEnum', 'export enum Tier {\n\tlocal = 0,\n}\n'],
	['lint/style/useNodejsImportProtocol', "import { join } from 'path';\n\nexport const a = join('a');\n"],
	['lint/style/useThrowOnlyError', "export function fail(): never {\n\tthrow 'text';\n}\n"],
	['lint/suspicious/noConsole', "console.log('hello');\n"],
	['lint/style/useFilenamingConvention', 'export const a = 1;\n', 'appliance/server/NotKebab.ts'],
	[
		'lint/suspicious/noFocusedTests',
		"import { expect, test } from 'vitest';\n\ntest.only('one', () => {\n\texpect(1).toBe(1);\n});\n",
		'test/unit/violation.test.ts',
	],
	[
		'lint/suspicious/noSkippedTests',
		"import { expect, test } from 'vitest';\n\ntest.skip('one', () => {\n\texpect(1).toBe(1);\n});\n",
		'test/unit/violation.test.ts',
	],
];

describe('format and lint', () => {
	let tree: ScratchTree;
	beforeAll(() => {
		tree = createScratchTree();
	});
	afterAll(() => tree.delete());

	test('a clean tree passes', async () => {
		const { code, output } = await tree.runGate(GATE);
		expect(output).not.toMatch(/lint\//);
		expect(code).toBe(0);
	});

	test.each(VIOLATIONS)('%s is refused', async (rule, text, given) => {
		const file: string = given ?? FILE;
		tree.write({ [file]: String(text) });
		const { code, output } = await tree.runGate(GATE);
		tree.remove(file);
		expect(output).toContain(rule);
		expect(code).not.toBe(0);
	});

	test('a cycle of imports is refused', async () => {
		tree.write({
			'appliance/server/one.ts': "import { two } from './two.ts';\n\nexport const one = (): number => two();\n",
			'appliance/server/two.ts': "import { one } from './one.ts';\n\nexport const two = (): number => one();\n",
		});
		const { code, output } = await tree.runGate(GATE);
		tree.remove('appliance/server/one.ts');
		tree.remove('appliance/server/two.ts');
		expect(output).toContain('lint/suspicious/noImportCycles');
		expect(code).not.toBe(0);
	});
});
