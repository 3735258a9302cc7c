/** Keys in segments inside the real engine: the transform changes no prediction, a calibration is made, checked, stored and used. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calibrateKeys } from '../../appliance/cli/calibrate-keys.ts';
import { nativeDir } from '../../appliance/config/places.ts';
import { findCalibration } from '../../appliance/model/kv-calibration.ts';
import { openKvTools, type RunKvTool } from '../../bench/lib/kv-tools.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { answered, conversation, openEngine, request, says, until } from '../support/local-engine.ts';

/** The build, where own-build.test.ts or the preparation has not made it yet. */
const BUILD_TIMEOUT_MS = 40 * 60_000;

const folder = mkdtempSync(join(tmpdir(), 'innerloop-kv-calibration-'));
const nativeFolder = nativeDir(process.env, homedir());
const text = join(folder, 'text.txt');
const signal = new AbortController().signal;
let model: string;
let built: string;
let run: RunKvTool;

beforeAll(async () => {
	built = await obtainOwnBuild({ inputs: readBuildInputs(), folder: nativeFolder, onProgress: () => undefined, signal });
	run = await openKvTools();
	model = join(folder, 'tiny.gguf');
	copyFileSync(await tinyGemma4(), model);
	writeFileSync(text, 'The quick brown fox jumps over the lazy dog, and reads the user model in order. '.repeat(200));
}, BUILD_TIMEOUT_MS);

afterAll(() => {
	rmSync(folder, { recursive: true, force: true });
});

test('keys in segments lose less with every bit, shared layers and heads of 512 included', async () => {
	const variants = ['tqs35/f16+', 'tqs45/f16+', 'tqs60/f16+', 'q8_0/f16+'];
	const results = await run('kv_quality', [model, text, '256', '2', '1', ...variants]);
	const [least = 0, more = 0, most = 0] = results.map(({ meanKld }) => Number(meanKld));
	// A transform that the queries do not match would leave an error that no bits take away.
	expect([more / least < 0.8, most / more < 0.5]).toEqual([true, true]);
});

test('the residual bit of the papers runs end to end, and loses to the codes of the same bits', async () => {
	const results = await run('kv_quality', [model, text, '256', '2', '1', 'tqj4', 'tq4']);
	const [published = 0, codes = 0] = results.map(({ meanKld }) => Number(meanKld));
	expect(published).toBeLessThan(1);
	expect(published).toBeGreaterThan(codes);
});

test('a calibration is measured, checked on text it has not seen, and stored under the hash of the model', async () => {
	const steps: string[] = [];
	const onProgress = (step: string): void => void (steps.at(-1) === step || steps.push(step));
	const record = await calibrateKeys({ modelFile: model, textFile: text, tokens: 1_024, threads: 1, nativeFolder, onProgress, signal });
	expect(steps.slice(-2)).toEqual(['read', 'check']);
	expect(record.check.tokens).toBeGreaterThan(100);
	expect(record.isUsable).toBe(record.check.difference < 0);
	expect(findCalibration(model)).toMatchObject({ record: { model: { sha256: record.model.sha256 } } });
});

test('the engine takes a calibration at its start, and says which types are live and why', async () => {
	const file = join(folder, 'made.bin');
	await run('kv_calibrate', [model, '0'.repeat(64), text, '1024', '1', file]);
	const engine = openEngine(model, { obtainOwnBuild: async () => built, findCalibration: () => file });
	try {
		await until(() => engine.status().build === 'own' && engine.status().state === 'ready');
		expect(engine.status()).toMatchObject({ kvCache: 'tqs40/tq4, sliding windows q8_0', kvCacheReason: 'keys calibrated for this model' });
		const reply = await answered(engine, conversation([says('user', 'hello')]), { maxOutputTokens: 8 });
		expect(reply.usage.outputTokens).toBeGreaterThan(0);
	} finally {
		await engine.close();
	}
});

test('a damaged calibration stops the own build in words, and the prebuilt engine serves on', async () => {
	const file = join(folder, 'damaged.bin');
	await run('kv_calibrate', [model, '0'.repeat(64), text, '1024', '1', file]);
	const bytes = readFileSync(file);
	bytes[400] = (bytes[400] ?? 0) ^ 1;
	writeFileSync(file, bytes);
	const warnings: string[] = [];
	const log = {
		info: () => undefined,
		warn: (fields: object) => warnings.push(JSON.stringify(fields)),
		error: (fields: object) => warnings.push(JSON.stringify(fields)),
	};
	const engine = openEngine(model, { obtainOwnBuild: async () => built, findCalibration: () => file, log });
	try {
		await until(() => warnings.length > 0 && engine.status().state === 'ready' && engine.status().build === 'prebuilt');
		expect(engine.status().kvCache).toBe('q8_0');
		const parts = engine.answer(request(conversation([says('user', 'hello')]), { maxOutputTokens: 3 }))[Symbol.asyncIterator]();
		expect((await parts.next()).done).toBe(false);
		await parts.return?.();
	} finally {
		await engine.close();
	}
});
