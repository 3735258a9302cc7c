import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScratchTree, type ScratchTree } from './scratch-tree.ts';

describe('dead code', () => {
	let tree: ScratchTree;
	beforeAll(() => {
		tree = createScratchTree();
	});
	afterAll(() => tree.delete());

	test('a clean tree passes', async () => {
		const { code, output } = await tree.runGate('dead code');
		expect(output).not.toMatch(/Unused|Unlisted/);
		expect(code).toBe(0);
	});

	test('a file that nothing imports is refused', async () => {
		tree.write({ 'appliance/server/lonely.ts': 'export const a = 1;\n' });
		const { code, output } = await tree.runGate('dead code');
		tree.remove('appliance/server/lonely.ts');
		expect(output).toMatch(/Unused files[\s\S]*lonely\.ts/);
		expect(code).not.toBe(0);
	});

	test('an export that nothing imports is refused', async () => {
		const file = 'appliance/protocol/double.ts';
		const text = readFileSync(join(tree.path, file), 'utf8');
		tree.write({ [file]: `${text}\nexport const unused = 1;\n` });
		const { code, output } = await tree.runGate('dead code');
		tree.write({ [file]: text });
		expect(output).toMatch(/Unused exports[\s\S]*unused/);
		expect(code).not.toBe(0);
	});

	test('a dependency that nothing imports is refused, and so is an import of no dependency', async () => {
		const text = readFileSync(join(tree.path, 'package.json'), 'utf8');
		tree.write({ 'package.json': text.replace('"zod": "4"', '"fastify": "5"') });
		const { code, output } = await tree.runGate('dead code');
		tree.write({ 'package.json': text });
		expect(output).toMatch(/Unused dependencies[\s\S]*fastify/);
		expect(output).toMatch(/Unlisted dependencies[\s\S]*zod/);
		expect(code).not.toBe(0);
	});
});
