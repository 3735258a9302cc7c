import { expect, test } from 'vitest';
import { type CacheFacts, chooseCacheTypes } from '../../../appliance/provider/local/child/cache-types.ts';

const FACTS: CacheFacts = { build: 'own', architecture: 'gemma4', headSizes: [512, 512], isCalibrated: false };

test('the own build keeps keys and values in four bits, calibrated keys in segments, and sliding windows at q8_0', () => {
	expect(chooseCacheTypes('auto', FACTS)).toEqual({
		keys: 'tq4',
		values: 'tq4',
		slidingWindows: 'q8_0',
		reason: 'keys balanced by the weights of the norms alone',
	});
	expect(chooseCacheTypes('auto', { ...FACTS, isCalibrated: true })).toMatchObject({
		keys: 'tqs40',
		reason: 'keys calibrated for this model',
	});
});

test.each([
	[{ build: 'prebuilt' }, 'the prebuilt engine knows no smaller type of the same quality'],
	[{ headSizes: [80, 80] }, 'heads of 80 do not fit blocks of 64'],
	[{ headSizes: [256, 96] }, 'heads of 96 do not fit blocks of 64'],
	[{ headSizes: [0, 0] }, 'heads of 0 do not fit blocks of 64'],
	[{ architecture: 'llama' }, 'nothing tells which channels are loud in the keys of llama yet: innerloop kv calibrate'],
	[
		{ architecture: 'llama', headSizes: [64, 64], isCalibrated: true },
		'nothing tells which channels are loud in the keys of llama, and calibrated ones need heads of 256',
	],
] as const)('%o falls back to q8_0 and says why', (change, reason) => {
	expect(chooseCacheTypes('auto', { ...FACTS, ...change })).toEqual({ keys: 'q8_0', values: 'q8_0', slidingWindows: undefined, reason });
});

test('heads of 64 and 128 take smaller blocks, and never segments', () => {
	const taken = { keys: 'tq4', values: 'tq4', reason: 'keys balanced by the weights of the norms alone' };
	for (const isCalibrated of [false, true]) {
		expect(chooseCacheTypes('auto', { ...FACTS, architecture: 'qwen3', headSizes: [128, 128], isCalibrated })).toMatchObject(taken);
		expect(chooseCacheTypes('auto', { ...FACTS, headSizes: [512, 64], isCalibrated })).toMatchObject(taken);
	}
});

test('a model without norms takes segments once it is calibrated', () => {
	expect(chooseCacheTypes('auto', { ...FACTS, architecture: 'llama', isCalibrated: true }).keys).toBe('tqs40');
});

test('what is configured is taken where it can be', () => {
	expect(chooseCacheTypes('f16', FACTS)).toEqual({ keys: 'f16', values: 'f16', slidingWindows: undefined, reason: 'as configured' });
	expect(chooseCacheTypes('tq5/tq4', FACTS)).toMatchObject({ keys: 'tq5', values: 'tq4', slidingWindows: 'q8_0' });
	expect(chooseCacheTypes('tqs60/tq6', { ...FACTS, build: 'prebuilt' }).keys).toBe('q8_0');
});
