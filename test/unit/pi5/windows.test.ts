import { expect, test } from 'vitest';
import { bytesPerToken } from '../../../bench/kv-memory/cache-bytes.ts';
import { windowsOf } from '../../../bench/kv-memory/cache-shape.ts';

test('layers with a sliding window are known from a list, from a period, and of Gemma 3 without either', () => {
	expect(windowsOf('gemma4', 3, [true, true, false])).toEqual([true, true, false]);
	expect(windowsOf('other', 4, 2)).toEqual([true, false, true, false]);
	expect(windowsOf('llama', 4, undefined)).toEqual([]);
	const windows = windowsOf('gemma3', 18, undefined);
	expect(windows.flatMap((hasWindow, layer) => (hasWindow ? [] : [layer]))).toEqual([5, 11, 17]);
	// Gemma 3 270M at f16: three layers of one head of 256 grow, keys and values.
	const shape = { layers: 18, sharedLayers: 0, hasWindow: windows, keyValueHeads: 1, headSize: 256 };
	expect(bytesPerToken(shape, 'f16')).toBe(3 * 256 * 2 * 2);
});
