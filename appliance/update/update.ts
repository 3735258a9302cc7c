/** Checking, applying and rolling back, in the order that a person would do it by hand. */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnProgress } from '../model/progress.ts';
import { writeDurably } from './durable.ts';
import { compareVersions, parseTrustedKeys, type ReleaseManifest, type TrustedKey } from './release-manifest.ts';
import { fetchArchive, latestRelease } from './release-source.ts';
import type { HealthGate, ServiceControl } from './service-control.ts';
import { rotateKeys } from './signature.ts';
import { currentSlot, otherSlot, probe, releaseIn, unpackInto } from './slots.ts';
import { type SwitchPlan, switchRelease } from './switch-release.ts';
import { UpdateFailure } from './update-failure.ts';

/** Where the image puts its releases. */
export const RELEASES_ROOT = '/opt/innerloop';

export interface UpdateBox {
	/** `/opt/innerloop`: slots, the link `current`, and `update/`. */
	readonly root: string;
	readonly dataDir: string;
	/** Where releases come from; undefined where the owner named none. */
	readonly source: string | undefined;
	readonly arch: string;
	readonly databaseVersion: () => number;
	readonly service: ServiceControl;
	readonly gate: HealthGate;
	readonly nowMs: () => number;
	readonly onStep: (step: string) => void;
	readonly onProgress: OnProgress;
}

export interface UpdateState {
	readonly running: string | undefined;
	/** In the other slot: what `rollback` would go back to. */
	readonly other: string | undefined;
	/** What the source offered when it was last asked. */
	readonly offered: string | undefined;
	/** Whether that is newer than what runs. */
	readonly isNewer: boolean;
	/** Why it could not be asked the last time. */
	readonly checkFailure: string | undefined;
	/** How the last change ended. */
	readonly last: unknown;
}

export async function readState({ root }: Pick<UpdateBox, 'root'>): Promise<UpdateState> {
	const slot = await currentSlot(root);
	const running = (await releaseIn(root, slot))?.version;
	const { version: offered, failure: checkFailure } = ((await readJson(offeredFile(root))) ?? {}) as {
		readonly version?: string;
		readonly failure?: string;
	};
	return {
		running,
		other: (await releaseIn(root, otherSlot(slot)))?.version,
		offered,
		isNewer: offered !== undefined && isAbove(offered, running),
		checkFailure,
		last: await readJson(join(root, 'update', 'last.json')),
	};
}

interface Offer {
	readonly manifest: ReleaseManifest;
	readonly isNewer: boolean;
}

/** Asks the source, and writes down what it offers, or why it could not be asked. */
export async function check(box: UpdateBox): Promise<Offer> {
	try {
		return await askSource(box);
	} catch (error) {
		const failure = error instanceof Error ? error.message : String(error);
		const known = await readJson(offeredFile(box.root));
		// Whoever may not write there still hears of it.
		await writeDurably(offeredFile(box.root), `${JSON.stringify({ ...known, failure })}\n`).catch(() => undefined);
		throw error;
	}
}

async function askSource(box: UpdateBox): Promise<Offer> {
	const manifest = await latestRelease({ place: placeOf(box), arch: box.arch, keys: await readKeys(box.root) });
	const running = await releaseIn(box.root, await currentSlot(box.root));
	await writeDurably(offeredFile(box.root), `${JSON.stringify({ version: manifest.version })}\n`);
	return { manifest, isNewer: isAbove(manifest.version, running?.version) };
}

/** @param mayGoBack the owner asked for an older release in words */
export async function apply(box: UpdateBox, mayGoBack: boolean): Promise<ReleaseManifest> {
	const { manifest, isNewer } = await check(box);
	const { root, dataDir } = box;
	const from = await currentSlot(root);
	const running = (await releaseIn(root, from))?.version;
	if (manifest.version === running) throw new UpdateFailure(`${running} runs already.`);
	if (!isNewer && !mayGoBack)
		throw new UpdateFailure(
			`${running} runs, and ${manifest.version} is older: old faults come back with it. If that is meant, add --allow-downgrade.`,
		);
	const needsBackup = manifest.databaseVersion !== box.databaseVersion();
	if (manifest.databaseVersion < box.databaseVersion())
		throw new UpdateFailure(
			`${manifest.version} cannot read the database of ${running}. innerloop update rollback restores the copy made before the update.`,
		);
	return await reporting(box, manifest.version, async () => {
		const archives = join(root, 'update', 'archives');
		await mkdir(archives, { recursive: true });
		const archive = await fetchArchive(placeOf(box), manifest, archives, box.onProgress);
		box.onStep('unpack');
		await unpackInto(root, otherSlot(from), archive, manifest);
		box.onStep('probe');
		await probe(root, otherSlot(from), manifest);
		await switchRelease(planOf(box, { from, version: manifest.version, needsBackup }));
		await writeDurably(keysFile(root), `${JSON.stringify(rotateKeys(await readKeys(root), manifest.keys), null, 2)}\n`);
		await rm(archives, { recursive: true, force: true });
		await rm(join(dataDir, 'update-request.json'), { force: true });
		return manifest;
	});
}

/** Back to the release in the other slot, behind the same gate. @param mayRestore the owner accepts that what was recorded since is lost */
export async function rollback(box: UpdateBox, mayRestore: boolean): Promise<string> {
	const { root, dataDir } = box;
	const from = await currentSlot(root);
	const version = (await releaseIn(root, otherSlot(from)))?.version;
	if (version === undefined) throw new UpdateFailure('There is no other release on this box to go back to.');
	const previous = await readJson(join(root, 'update', 'previous.json'));
	const backup = previous?.slot === otherSlot(from) && typeof previous.backup === 'string' ? previous.backup : '';
	if (backup !== '' && !mayRestore)
		throw new UpdateFailure(
			`The update to the present release changed the database, and ${version} cannot read it. The copy from before can be restored; what was recorded since (calls, spending, members) is lost then. If that is meant, add --restore.`,
		);
	if (backup !== '' && !existsSync(join(dataDir, backup)))
		throw new UpdateFailure(`The copy of the database, ${backup}, is gone: there is no way back.`);
	return await reporting(box, version, async () => {
		await switchRelease(planOf(box, { from, version, needsBackup: backup !== '', ...(backup !== '' && { restore: backup }) }));
		return version;
	});
}

function planOf(box: UpdateBox, part: Pick<SwitchPlan, 'from' | 'version' | 'needsBackup'> & { readonly restore?: string }): SwitchPlan {
	const { root, dataDir, service, gate, nowMs, onStep } = box;
	return { root, dataDir, service, gate, nowMs, onStep, ...part };
}

/** The outcome stays on the box, for the page and for whoever comes later. */
async function reporting<T>({ root }: UpdateBox, version: string, work: () => Promise<T>): Promise<T> {
	const report = (outcome: object) => writeDurably(join(root, 'update', 'last.json'), `${JSON.stringify({ version, ...outcome })}\n`);
	try {
		const result = await work();
		await report({ outcome: 'applied' });
		return result;
	} catch (error) {
		await report({ outcome: 'failed', reason: error instanceof Error ? error.message : String(error) });
		throw error;
	}
}

function placeOf({ source }: UpdateBox): string {
	if (source === undefined)
		throw new UpdateFailure('No source of releases is configured: set update.source, or name a folder with --from.');
	return source;
}

const isAbove = (version: string, running: string | undefined): boolean => running === undefined || compareVersions(version, running) > 0;

const offeredFile = (root: string): string => join(root, 'update', 'offered.json');
const keysFile = (root: string): string => join(root, 'update', 'keys.json');

async function readKeys(root: string): Promise<readonly TrustedKey[]> {
	const text = await readFile(keysFile(root), 'utf8').catch(() => '[]');
	try {
		return parseTrustedKeys(text);
	} catch (cause) {
		throw new UpdateFailure(`${keysFile(root)} is damaged: without trusted keys nothing can be checked.`, { cause });
	}
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
	try {
		return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
	} catch {
		return undefined;
	}
}
