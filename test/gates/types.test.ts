import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScratchTree, type ScratchTree } from './scratch-tree.ts';

const FILE = 'appliance/server/violation.ts';

const VIOLATIONS: readonly (readonly [what: string, code: string, text: string, file?: string])[] = [
	['a wrong type', 'TS2322', "export const a: number = 'text';\n"],
	['an unchecked index', 'TS2532', 'export const first = (list: string[]): number => list[0].length;\n'],
	['an explicit undefined for an optional property', 'TS2375', 'export const a: { b?: number } = { b: undefined };\n'],
	['syntax that cannot be erased', 'TS1294', 'export class Point {\n\tconstructor(readonly x: number) {}\n}\n'],
	[
		'a value import of a type',
		'TS1484',
		"import { Server } from 'node:net';\nimport { AddressInfo } from 'node:net';\n\nexport const a = (b: AddressInfo): typeof Server => (b ? Server : Server);\n",
	],
	['an import without its extension', 'TS2835', "import { double } from '../protocol/double';\n\nexport const a = double(1);\n"],
	[
		'a wrong type in plain JavaScript',
		'TS2345',
		"import { findRuntime } from './runtime.mjs';\n\nexport const a = findRuntime(5);\n",
		'scripts/launch/violation.mjs',
	],
];

describe('types', () => {
	let tree: ScratchTree;
	beforeAll(() => {
		tree = createScratchTree();
	});
	afterAll(() => tree.delete());

	test('a clean tree passes', async () => {
		expect(await tree.runGate('types')).toMatchObject({ code: 0, output: '' });
	});

	test.each(VIOLATIONS)('%s is refused', async (_what, tsCode, text, given) => {
		const file: string = given ?? FILE;
		tree.write({ [file]: String(text) });
		const { code, output } = await tree.runGate('types');
		tree.remove(file);
		expect(output).toContain(tsCode);
		expect(code).not.toBe(0);
	});
});
