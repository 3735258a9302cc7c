import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CalibrationRecord, draftFile, findCalibration, storeCalibration } from '../../../appliance/model/kv-calibration.ts';

const SHA256 = 'ab'.repeat(32);
let folder: string;
let model: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-kv-'));
	model = join(folder, 'a.gguf');
	writeFileSync(model, 'GGUF and weights');
});

afterEach(() => {
	rmSync(folder, { recursive: true, force: true });
});

function recordFor(isUsable: boolean): CalibrationRecord {
	const { size, mtimeMs } = statSync(model);
	return {
		version: 1,
		model: { name: 'a.gguf', sha256: SHA256, sizeBytes: size, mtimeMs },
		tokens: 8_192,
		check: { tokens: 512, present: 0.02, calibrated: 0.01, difference: -0.01, standardError: 0.001 },
		isUsable,
		madeAt: '2026-01-01T00:00:00.000Z',
	};
}

function store(isUsable: boolean): void {
	const draft = draftFile(model, SHA256);
	writeFileSync(draft, 'moments');
	storeCalibration(model, draft, recordFor(isUsable));
}

test('a calibration is found for the very file it was made for, under its hash, and for no other', () => {
	expect(findCalibration(model)).toEqual({ kind: 'absent' });
	store(true);
	const found = findCalibration(model);
	expect(found).toMatchObject({ kind: 'usable', file: join(folder, `kv-${SHA256}.v1.bin`) });
	const other = join(folder, 'b.gguf');
	writeFileSync(other, 'GGUF and weights');
	expect(findCalibration(other)).toEqual({ kind: 'absent' });
	utimesSync(model, 1, 1);
	expect(findCalibration(model)).toEqual({ kind: 'absent' });
	expect(findCalibration(join(folder, 'gone.gguf'))).toEqual({ kind: 'absent' });
});

test('one that its check found no better leaves a record of that, and no file', () => {
	store(false);
	expect(findCalibration(model)).toMatchObject({ kind: 'unusable', why: 'its check found no gain over balanced keys' });
	expect(readdirSync(folder).filter((name) => name.startsWith('kv-'))).toEqual([`kv-${SHA256}.v1.json`]);
});

test('a record without its file, one cut short and one of another version count for nothing', () => {
	store(true);
	rmSync(join(folder, `kv-${SHA256}.v1.bin`));
	expect(findCalibration(model).kind).toBe('unusable');
	const record = join(folder, `kv-${SHA256}.v1.json`);
	writeFileSync(record, '{"version":1,');
	expect(findCalibration(model)).toEqual({ kind: 'absent' });
	writeFileSync(record, JSON.stringify({ ...recordFor(true), version: 2 }));
	expect(findCalibration(model)).toEqual({ kind: 'absent' });
	expect(existsSync(`${record}.draft`)).toBe(false);
});
