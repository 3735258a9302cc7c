import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScratchTree, type ScratchTree } from './scratch-tree.ts';

const ROOMS = ['protocol', 'dialect', 'router', 'config', 'provider', 'store', 'discovery', 'system', 'model', 'pairing', 'server', 'cli'];
const LEAVES = ['protocol', 'dialect', 'router', 'config'];
const IO_ROOMS = ['provider', 'store', 'discovery', 'system'];

/** The direction of imports, written down a second time: who may import whom. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
	protocol: [],
	dialect: ['protocol'],
	router: ['protocol'],
	config: ['protocol'],
	provider: LEAVES,
	'provider/local': LEAVES,
	'provider/cloud': LEAVES,
	store: LEAVES,
	discovery: [...LEAVES, 'pairing'],
	system: LEAVES,
	model: ['protocol', 'config'],
	pairing: ['protocol'],
	server: [...LEAVES, ...IO_ROOMS, 'model', 'pairing'],
	cli: [...LEAVES, ...IO_ROOMS, 'model', 'pairing', 'server'],
};
const PURE = ['protocol', 'dialect', 'router'];
/** Packages with one door each. */
const DOORS: Readonly<Record<string, string>> = {
	fastify: 'server',
	'prom-client': 'server',
	'node-llama-cpp': 'provider/local',
	undici: 'provider/cloud',
	'node:sqlite': 'store',
	systeminformation: 'system',
};

interface Case {
	readonly file: string;
	readonly text: string;
	readonly isAllowed: boolean;
	readonly rule: string;
}

const IMPORTS = 'lint/style/noRestrictedImports';
const cases: Case[] = [];

function importCase(folder: string, specifier: string, isAllowed: boolean): void {
	const file = `appliance/${folder}/case-${cases.length}.ts`;
	cases.push({ file, text: `import '${specifier}';\n`, isAllowed, rule: IMPORTS });
}

for (const [folder, allowed] of Object.entries(MAY_IMPORT)) {
	const up = '../'.repeat(folder.split('/').length);
	for (const room of ROOMS) {
		if (room !== folder.split('/')[0]) importCase(folder, `${up}${room}/thing.ts`, allowed.includes(room));
	}
	importCase(folder, './thing.ts', true);
	importCase(folder, `${up}main.ts`, folder === 'cli');
	importCase(folder, `${up}../test/thing.ts`, false);
	importCase(folder, `${up}../native/turboquant/thing.ts`, false);
	importCase(folder, 'node:fs', !PURE.includes(folder));
	importCase(folder, 'node:fs/promises', !PURE.includes(folder));
	for (const [name, door] of Object.entries(DOORS)) {
		if (!(PURE.includes(folder) && name.startsWith('node:')))
			importCase(folder, name, door === folder || (folder === 'config' && name === 'node:sqlite'));
	}
}
importCase('dialect/anthropic', '../../router/thing.ts', false);
importCase('dialect/anthropic', '../sse.ts', true);
importCase('router/budget', '../../protocol/thing.ts', true);
importCase('server/routes', '../../cli/thing.ts', false);
importCase('config', 'zod', true);
importCase('router', 'zod', false);

function impureCase(folder: string, expression: string, rule: string | undefined): void {
	const file = `appliance/${folder}/case-${cases.length}.ts`;
	cases.push({ file, text: `export const value = ${expression};\n`, isAllowed: rule === undefined, rule: rule ?? IMPORTS });
}

const PROPERTY = 'lint/nursery/noJsRestrictedProperties';
const GLOBAL = 'lint/style/noRestrictedGlobals';
for (const folder of PURE) {
	impureCase(folder, 'Date.now()', PROPERTY);
	impureCase(folder, 'Math.random()', PROPERTY);
	impureCase(folder, 'new Date()', 'plugin');
	impureCase(folder, 'performance.now()', GLOBAL);
	impureCase(folder, 'process.pid', GLOBAL);
	impureCase(folder, 'crypto.randomUUID()', GLOBAL);
	impureCase(folder, 'setTimeout(String, 5)', GLOBAL);
	impureCase(folder, "fetch('x')", GLOBAL);
	impureCase(folder, 'new Date(5)', undefined);
	impureCase(folder, 'Math.max(1, 2)', undefined);
}
impureCase('store', 'Date.now()', undefined);
impureCase('server', 'performance.now()', undefined);

interface Diagnostic {
	readonly category: string;
	readonly location: { readonly path: string };
}

describe('the linter keeps the direction of imports and the purity of rooms', () => {
	let tree: ScratchTree;
	const found = new Map<string, string[]>();

	beforeAll(async () => {
		tree = createScratchTree();
		tree.write(Object.fromEntries(cases.map(({ file, text }) => [file, text])));
		const biome = ['node_modules/@biomejs/biome/bin/biome', 'lint', '--reporter=json', '--max-diagnostics=none', 'appliance'];
		const { output } = await tree.run(biome);
		const report = JSON.parse(output.slice(output.indexOf('{"summary"'), output.lastIndexOf('}') + 1)) as { diagnostics: Diagnostic[] };
		for (const { category, location } of report.diagnostics) found.set(location.path, [...(found.get(location.path) ?? []), category]);
	});
	afterAll(() => tree.delete());

	test('cases of both kinds exist for every room', () => {
		for (const folder of Object.keys(MAY_IMPORT)) {
			const own = cases.filter(({ file }) => file.startsWith(`appliance/${folder}/case-`));
			expect(own.some(({ isAllowed }) => isAllowed)).toBe(true);
			expect(own.filter(({ isAllowed }) => !isAllowed).length).toBeGreaterThan(3);
		}
	});

	test.each(cases)('$file: $text', ({ file, isAllowed, rule }) => {
		const rules = found.get(file) ?? [];
		if (isAllowed) expect(rules).not.toContain(rule);
		else expect(rules).toContain(rule);
	});
});
