/** The board's state from trees as kernels have them, and which of them a run may start under. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readBoard, reasonsNotToStart, reasonsToDiscard, storageOf } from '../../../bench/pi5/board.ts';

const made: string[] = [];
afterAll(() => {
	for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Files of a Raspberry Pi 5 under Raspberry Pi OS; undefined leaves one out. */
function tree(changes: Readonly<Record<string, string | undefined>> = {}): string {
	const root = mkdtempSync(join(tmpdir(), 'innerloop-board-'));
	made.push(root);
	const files: Readonly<Record<string, string | undefined>> = {
		'proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
		'sys/class/thermal/thermal_zone0/temp': '52350\n',
		'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'ondemand\n',
		'sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq': '2400000\n',
		'sys/devices/platform/soc/soc:firmware/get_throttled': '0\n',
		...changes,
	};
	for (const [path, text] of Object.entries(files)) {
		if (text === undefined) continue;
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), text);
	}
	return root;
}

const FLAGS = 'sys/devices/platform/soc/soc:firmware/get_throttled';
const read = (changes?: Readonly<Record<string, string | undefined>>) => readBoard(tree(changes), 'no-such-program');

test('a cool board may be measured', async () => {
	const state = await read();
	expect(state).toMatchObject({
		board: 'Raspberry Pi 5 Model B Rev 1.0',
		temperatureCelsius: 52.35,
		governor: 'ondemand',
		clockMhz: 2_400,
	});
	expect(reasonsNotToStart(state)).toEqual([]);
});

test.each([
	['1', 'under-voltage'],
	['2', 'clock capped'],
	['4', 'throttled'],
	['8', 'soft temperature limit'],
])('flag 0x%s refuses the run and says: %s', async (bits, name) => {
	expect(reasonsNotToStart(await read({ [FLAGS]: bits }))).toEqual([name]);
});

test('a hot board is told to cool down first; what occurred long ago is no hindrance', async () => {
	expect(reasonsNotToStart(await read({ 'sys/class/thermal/thermal_zone0/temp': '81000\n' }))).toEqual([
		'81 °C before the run, 75 at most',
	]);
	expect(reasonsNotToStart(await read({ [FLAGS]: '50000\n' }))).toEqual([]);
});

test('a flag that comes during the run discards it, also when it has gone again', async () => {
	const before = await read({ [FLAGS]: '10000' });
	expect(reasonsToDiscard(before, await read({ [FLAGS]: '10000' }))).toEqual([]);
	expect(reasonsToDiscard(before, await read({ [FLAGS]: '50000' }))).toEqual(['throttling has occurred']);
});

test('without the kernel’s file and without vcgencmd the flags are unknown, and elsewhere it is not a Pi', async () => {
	const state = await read({ [FLAGS]: undefined, 'proc/device-tree/model': undefined });
	expect(state).toMatchObject({ board: 'not a Pi', flags: undefined });
	expect(reasonsNotToStart(state)).toEqual([]);
});

test('storage is what the longest mount above the path stands on', () => {
	const mounts = '/dev/mmcblk0p2 / ext4 rw 0 0\n/dev/nvme0n1p1 /data ext4 rw 0 0\n';
	expect(storageOf(mounts, '/data/model.gguf')).toBe('/dev/nvme0n1p1 (ext4)');
	expect(storageOf(mounts, '/database')).toBe('/dev/mmcblk0p2 (ext4)');
});
