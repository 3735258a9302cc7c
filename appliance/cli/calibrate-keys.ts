/** Measures a model's keys on this machine, and checks what was learned before anything uses it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type KvTool, obtainKvTools } from '../../native/build/kv-tools.ts';
import { CALIBRATION_VERSION, type CalibrationRecord, draftFile, storeCalibration } from '../model/kv-calibration.ts';
import { verifyFile } from '../model/verify-file.ts';
import { Problem } from '../protocol/problem.ts';

export interface CalibrateOptions {
	readonly modelFile: string;
	/** Undefined takes the project's own documentation and sources. */
	readonly textFile: string | undefined;
	/** Tokens to read in one piece; keys are best held at the lengths that they were measured at. */
	readonly tokens: number;
	readonly threads: number;
	/** Folder of native builds. */
	readonly nativeFolder: string;
	/** What is being done, and which share of it. */
	readonly onProgress: (step: CalibrationStep, share: number) => void;
	readonly signal: AbortSignal;
}

export type CalibrationStep = 'hash' | 'build' | 'read' | 'check';

/** What serves without a calibration, and what would serve with it: see kv_quality.cpp. */
const PRESENT = 'tq4+';
const CALIBRATED = 'tqs40/tq4*';

/** In one piece: what calls of agents are like, and some minutes of a Pi. */
export const DEFAULT_TOKENS = 8_192;

/** Long enough that a gain shows, and no longer: it runs on a Pi. */
const CHECK_TOKENS = 1_024;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Bytes of text that are surely more than a token each four of them. */
const BYTES_A_TOKEN = 6;

/** @throws Problem `local-failed` with the tool's own words, when the model or this machine does not allow it */
export async function calibrateKeys(options: CalibrateOptions): Promise<CalibrationRecord> {
	const { modelFile, tokens, threads, onProgress, signal } = options;
	const sha256 = await verifyFile(
		modelFile,
		{ sizeBytes: undefined, sha256: undefined },
		({ doneBytes, totalBytes }) => onProgress('hash', doneBytes / (totalBytes ?? doneBytes)),
		signal,
	);
	const toolOf = await obtainKvTools({ folder: options.nativeFolder, onProgress: (share) => onProgress('build', share), signal });
	const texts = mkdtempSync(join(tmpdir(), 'innerloop-kv-'));
	const draft = draftFile(modelFile, sha256);
	const run = (tool: KvTool, args: readonly (string | number)[], onLine: (line: Line) => void) =>
		runTool(toolOf(tool), args.map(String), draft, signal, onLine);
	try {
		const [learned, unseen] = writeTexts(texts, options.textFile, tokens);
		await run('kv_calibrate', [modelFile, sha256, learned, tokens, threads, draft], ({ share }) => onProgress('read', share ?? 1));
		onProgress('check', 0);
		const lines: Line[] = [];
		await run('kv_quality', [modelFile, unseen, CHECK_TOKENS, 1, threads, PRESENT, CALIBRATED], (line) => lines.push(line));
		const record = recordOf(modelFile, sha256, tokens, lines);
		storeCalibration(modelFile, draft, record);
		onProgress('check', 1);
		return record;
	} finally {
		rmSync(texts, { recursive: true, force: true });
		rmSync(draft, { force: true });
	}
}

/** A line of the tools' output. */
interface Line {
	readonly share?: number;
	readonly tokens?: number;
	readonly meanKld?: number;
	readonly minusFirst?: number;
	readonly minusFirstError?: number;
}

function recordOf(modelFile: string, sha256: string, tokens: number, lines: readonly Line[]): CalibrationRecord {
	const [present, calibrated] = lines;
	const { tokens: checked, meanKld: before } = present ?? {};
	const { meanKld: after, minusFirst: difference, minusFirstError: standardError } = calibrated ?? {};
	if (checked === undefined || before === undefined || after === undefined || difference === undefined || standardError === undefined) {
		throw new Problem('local-failed', 'The check of the calibration gave no figures.');
	}
	const { size, mtimeMs } = statSync(modelFile);
	return {
		version: CALIBRATION_VERSION,
		model: { name: basename(modelFile), sha256, sizeBytes: size, mtimeMs },
		tokens,
		check: { tokens: checked, present: before, calibrated: after, difference, standardError },
		isUsable: difference < 0,
		madeAt: new Date().toISOString(),
	};
}

/** Two texts of the same kind: what is learned from, and what it is checked on. */
function writeTexts(folder: string, textFile: string | undefined, tokens: number): readonly [string, string] {
	const text = textFile === undefined ? ownText() : readFileSync(textFile, 'utf8');
	const wanted = CHECK_TOKENS * BYTES_A_TOKEN;
	if (text.length < tokens * 2 + wanted) {
		throw new Problem('invalid-call', `The text has ${text.length} characters: too few for ${tokens} tokens and a check.`);
	}
	const files = [join(folder, 'learned.txt'), join(folder, 'unseen.txt')] as const;
	writeFileSync(files[0], text.slice(wanted));
	writeFileSync(files[1], text.slice(0, wanted));
	return files;
}

/** English with tables and commands, then TypeScript: what the box is asked about, and present on every box. */
function ownText(): string {
	const read = (folder: string, ending: string): readonly string[] =>
		readdirSync(join(ROOT, folder))
			.filter((name) => name.endsWith(ending))
			.sort()
			.map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));
	return [...read('docs', '.md'), ...read('appliance/server', '.ts')].join('\n');
}

/** At the lowest priority: whoever calls the box comes first. */
async function runTool(
	program: string,
	args: readonly string[],
	calibration: string,
	signal: AbortSignal,
	onLine: (line: Line) => void,
): Promise<void> {
	const env = { PATH: process.env.PATH, INNERLOOP_KEY_CALIBRATION: calibration, KV_TOOLS_SHARE_WEIGHTS: '1' };
	const child = spawn('nice', ['-n', '19', program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], signal });
	let words = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		words = (words + text).slice(-500);
	});
	const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
	for await (const line of createInterface({ input: child.stdout })) onLine(JSON.parse(line) as Line);
	const [code, killedBy] = await ended;
	signal.throwIfAborted();
	if (code !== 0) throw new Problem('local-failed', `${basename(program)}: ${words.trim() || `ended by ${killedBy ?? `code ${code}`}`}`);
}
