/** `innerloop kv status` asks a running service, over HTTP, what its engine stores keys and values in. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheDir, nativeDir } from '../../appliance/config/places.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { type ConfigInput, type Service, startService } from '../support/start-service.ts';

const MAIN = fileURLToPath(new URL('../../appliance/main.ts', import.meta.url));
/** The build, where own-build.test.ts or the preparation has not made it yet. */
const BUILD_TIMEOUT_MS = 40 * 60_000;
const TAKEOVER_TIMEOUT_MS = 2 * 60_000;

interface KvStatus {
	readonly model: string;
	readonly calibration: { readonly kind: string };
	readonly running?: { readonly state: string; readonly build: string; readonly kvCache?: string; readonly kvCacheReason?: string };
}

const folder = mkdtempSync(join(tmpdir(), 'innerloop-kv-status-'));
const dataDir = join(folder, 'data');
const cache = cacheDir(process.env, homedir());

beforeAll(async () => {
	const { signal } = new AbortController();
	const inputs = readBuildInputs();
	await obtainOwnBuild({ inputs, folder: nativeDir(process.env, homedir()), onProgress: () => undefined, signal });
}, BUILD_TIMEOUT_MS);

afterAll(() => {
	rmSync(folder, { recursive: true, force: true });
});

/** What the command prints, in a home of its own. */
async function kvStatus(...args: readonly string[]): Promise<string> {
	const env = { ...process.env, HOME: folder, INNERLOOP_DATA: dataDir, INNERLOOP_CACHE: cache, NO_COLOR: '1' };
	const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'kv', 'status', ...args], { env });
	return stdout;
}

async function parsedStatus(model: string): Promise<KvStatus> {
	return JSON.parse(await kvStatus(model, '--json')) as KvStatus;
}

test('without a service it says so, and still tells of the calibration', async () => {
	const model = await tinyGemma4();
	expect(await parsedStatus(model)).toEqual({ model, calibration: { kind: 'absent' } });
	expect(await kvStatus(model)).toMatch(/^in use +no service runs on this data folder$/m);
});

describe('a running box', () => {
	let service: Service;
	let model: string;

	beforeAll(async () => {
		model = await tinyGemma4();
		const local: ConfigInput['local'] = { model, build: 'own', threads: 1, slots: 1, contextTokens: 2_048, kvCalibration: false };
		service = await startService({ config: { local }, dataDir, readyPath: '/healthz' });
	}, TAKEOVER_TIMEOUT_MS);

	afterAll(() => service.stop());

	test(
		'names the types of cache that are live, the build they are of, and why',
		async () => {
			let status = await parsedStatus(model);
			while (status.running?.build !== 'own' || status.running.state !== 'ready') {
				expect(service.program.exit()).toBeUndefined();
				await delay(200);
				status = await parsedStatus(model);
			}
			expect(status.running).toEqual({
				state: 'ready',
				build: 'own',
				kvCache: 'tq4, sliding windows q8_0',
				kvCacheReason: 'keys balanced by the weights of the norms alone',
			});
			const line = 'tq4, sliding windows q8_0, own build: keys balanced by the weights of the norms alone';
			expect(await kvStatus(model)).toContain(`in use       ${line}\ncalibration  none: innerloop kv calibrate`);
		},
		TAKEOVER_TIMEOUT_MS,
	);
});
