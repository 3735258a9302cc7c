/** What was learned of a model's keys, kept beside its file under its hash, and whether it may be used. */

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Of the file's format and of the way it is made; a record of another version counts for nothing. */
export const CALIBRATION_VERSION = 1;

/** Mean KL divergence from an f16 cache, in nats, on a text that the calibration did not see. */
export interface CalibrationCheck {
	readonly tokens: number;
	readonly present: number;
	readonly calibrated: number;
	/** Calibrated less present, with its standard error. */
	readonly difference: number;
	readonly standardError: number;
}

export interface CalibrationRecord {
	readonly version: number;
	readonly model: { readonly name: string; readonly sha256: string; readonly sizeBytes: number; readonly mtimeMs: number };
	/** Tokens that were read. */
	readonly tokens: number;
	readonly check: CalibrationCheck;
	/** False when the check found it no better than what is in use without it. */
	readonly isUsable: boolean;
	readonly madeAt: string;
}

export type CalibrationState =
	| { readonly kind: 'absent' }
	| { readonly kind: 'unusable'; readonly record: CalibrationRecord; readonly why: string }
	| { readonly kind: 'usable'; readonly record: CalibrationRecord; readonly file: string };

const PREFIX = 'kv-';

const recordFile = (folder: string, sha256: string): string => join(folder, `${PREFIX}${sha256}.v${CALIBRATION_VERSION}.json`);
const dataFile = (folder: string, sha256: string): string => join(folder, `${PREFIX}${sha256}.v${CALIBRATION_VERSION}.bin`);

/** The file's name, size and time tell which model it is: hashing gigabytes at every start would take a Pi half a minute. */
export function findCalibration(modelFile: string): CalibrationState {
	const folder = dirname(modelFile);
	if (!existsSync(modelFile)) return { kind: 'absent' };
	const { size, mtimeMs } = statSync(modelFile);
	const names = readdirSync(folder).filter((name) => name.startsWith(PREFIX) && name.endsWith(`.v${CALIBRATION_VERSION}.json`));
	const record = names
		.map((name) => readRecord(join(folder, name)))
		.find((each) => each?.model.name === basename(modelFile) && each.model.sizeBytes === size && each.model.mtimeMs === mtimeMs);
	if (record === undefined) return { kind: 'absent' };
	const file = dataFile(folder, record.model.sha256);
	if (!record.isUsable) return { kind: 'unusable', record, why: 'its check found no gain over balanced keys' };
	if (!existsSync(file)) return { kind: 'unusable', record, why: `${file} is gone` };
	return { kind: 'usable', record, file };
}

function readRecord(file: string): CalibrationRecord | undefined {
	try {
		const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<CalibrationRecord>;
		return record.version === CALIBRATION_VERSION && record.model !== undefined ? (record as CalibrationRecord) : undefined;
	} catch {
		// Cut by a loss of power: the next calibration writes it anew.
		return undefined;
	}
}

/** Moves the finished file to its place and writes the record behind it, so that a record never stands without its file. */
export function storeCalibration(modelFile: string, draft: string, record: CalibrationRecord): void {
	const folder = dirname(modelFile);
	const { sha256 } = record.model;
	if (record.isUsable) renameSync(draft, dataFile(folder, sha256));
	else rmSync(draft, { force: true });
	const json = `${recordFile(folder, sha256)}.draft`;
	writeFileSync(json, `${JSON.stringify(record, null, '\t')}\n`);
	renameSync(json, recordFile(folder, sha256));
}

/** Where the calibration is written until it was checked. */
export function draftFile(modelFile: string, sha256: string): string {
	return `${dataFile(dirname(modelFile), sha256)}.draft-${process.pid}`;
}
