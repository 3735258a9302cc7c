import { expect, it } from 'vitest';
import { makeConnectBundle } from '../../../appliance/server/connect-bundle.ts';

it('the file for developers’ machines looks for nothing on the machine that runs it', async () => {
	const text = (await makeConnectBundle()).toString('utf8');
	const imported = [...text.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, from]) => from ?? '');
	expect(imported.filter((from) => !from.startsWith('node:'))).toEqual([]);
	expect(imported.length).toBeGreaterThan(5);
});
