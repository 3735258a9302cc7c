/** Changes the release that runs: behind a health gate, and back by itself when the new one does not become healthy. */

import { chown, cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeDurably } from './durable.ts';
import { type HealthGate, type ServiceControl, waitHealthy } from './service-control.ts';
import { otherSlot, releaseIn, type Slot, switchTo } from './slots.ts';
import { beginTrial, endTrial } from './trial.ts';
import { UpdateFailure } from './update-failure.ts';

export interface SwitchPlan {
	readonly root: string;
	readonly dataDir: string;
	readonly from: Slot;
	readonly version: string;
	/** The new release migrates the database, and the old one could not read it afterwards. */
	readonly needsBackup: boolean;
	/** Put in the database's place before the new release starts: a rollback over a migration. Relative to the data folder. */
	readonly restore?: string;
	readonly service: ServiceControl;
	readonly gate: HealthGate;
	readonly nowMs: () => number;
	/** Before each step, by its name; for progress, and for tests that cut the power there. */
	readonly onStep: (step: SwitchStep) => void;
}

export const SWITCH_STEPS = ['stop', 'backup', 'trial', 'switch', 'start', 'health', 'commit'] as const;
export type SwitchStep = (typeof SWITCH_STEPS)[number] | 'take-back';

const DATABASE = 'innerloop.db';

/**
 * Wherever it is interrupted, the next boot serves: before `trial` with the old release, from there to `commit` with the
 * old release again (system/settle-update reads the note), after it with the new one.
 * @throws UpdateFailure when the new release did not become healthy; the old one runs again
 */
export async function switchRelease(plan: SwitchPlan): Promise<void> {
	const { root, dataDir, from, version, service, gate, nowMs, onStep } = plan;
	const backup = plan.needsBackup ? join('backups', `before-${version}.db`) : '';
	onStep('stop');
	await service.stop();
	onStep('backup');
	if (backup !== '') await copyDatabase(dataDir, DATABASE, backup);
	onStep('trial');
	await beginTrial(root, { previous: from, backup });
	onStep('switch');
	if (plan.restore !== undefined) await copyDatabase(dataDir, plan.restore, DATABASE);
	await switchTo(root, otherSlot(from));
	onStep('start');
	await service.start();
	onStep('health');
	const illness = await waitHealthy(service, version, gate, nowMs);
	if (illness !== undefined) {
		onStep('take-back');
		await takeBack(plan, backup);
		throw new UpdateFailure(`${illness}. The box runs ${(await releaseIn(root, from))?.version ?? 'its old release'} again, as before.`);
	}
	onStep('commit');
	await writeDurably(join(root, 'update', 'previous.json'), `${JSON.stringify({ slot: from, backup })}\n`);
	await endTrial(root);
}

async function takeBack({ root, dataDir, from, service }: SwitchPlan, backup: string): Promise<void> {
	await service.stop();
	await switchTo(root, from);
	if (backup !== '') await copyDatabase(dataDir, backup, DATABASE);
	await endTrial(root);
	await service.start();
}

/** Of a service that stands still. The copy belongs to whom the folder belongs, and is whole or not there. */
async function copyDatabase(dataDir: string, from: string, to: string): Promise<void> {
	const target = join(dataDir, to);
	const { uid, gid } = await stat(dataDir);
	const folder = dirname(target);
	await mkdir(folder, { recursive: true, mode: 0o700 });
	await chown(folder, uid, gid);
	// A journal that a killed service left belongs to the database: both are taken, both are replaced.
	for (const suffix of ['-wal', '-shm', '']) await copyFile(join(dataDir, `${from}${suffix}`), `${target}${suffix}`, { uid, gid });
	await syncFolder(folder);
}

async function copyFile(source: string, target: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
	const draft = `${target}.new`;
	try {
		await cp(source, draft, { force: true });
	} catch (error) {
		if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
		await rm(target, { force: true });
		return;
	}
	await chown(draft, uid, gid);
	await rename(draft, target);
}
