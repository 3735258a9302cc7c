import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildConnectBundle, CONNECT_BUNDLE } from '../../../scripts/connect-bundle.ts';

it('the file for developers’ machines is what its sources make: npm run connect:bundle', async () => {
	const text = readFileSync(CONNECT_BUNDLE, 'utf8');
	expect(await buildConnectBundle()).toBe(text);
	// Nothing of it is looked for on the machine that runs it.
	const imported = [...text.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, from]) => from ?? '');
	expect(imported.filter((from) => !from.startsWith('node:'))).toEqual([]);
	expect(imported.length).toBeGreaterThan(5);
});
