/** A box with two slots in a temporary folder, whose releases are small programs that answer as the real one does. */

import { type ChildProcess, spawn } from 'node:child_process';
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { askVersion, type ServiceControl } from '../../../appliance/update/service-control.ts';
import { makeKeyPair } from '../../../appliance/update/signature.ts';
import type { UpdateBox } from '../../../appliance/update/update.ts';
import { packRelease, sha256Of, writeHashes } from '../../../image/release/archive.ts';
import { writeDescription } from '../../../image/release/describe-release.ts';

export type Health = 'well' | 'silent' | 'dies';

export interface ReleasePlan {
	readonly version: string;
	/** Default: well. */
	readonly health?: Health;
	/** Schema it brings the database to; default 1. */
	readonly databaseVersion?: number;
	readonly keys?: Parameters<typeof writeDescription>[4] extends infer M ? (M extends { keys?: infer K } ? K : never) : never;
}

/** A release that just starts writes to the database as well. */
const BUSY_MS = 10_000;
const EPOCH = 1_700_000_000;
const PROGRAM = new URL('./release-program.mjs', import.meta.url);
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

export class TestBox {
	readonly folder: string;
	readonly root: string;
	readonly dataDir: string;
	readonly source: string;
	readonly signing = makeKeyPair('test-key');
	readonly steps: string[] = [];
	#service: ChildProcess | undefined;

	/** @param folder of a box that is there already; default: a new one */
	constructor(folder = mkdtempSync(join(tmpdir(), 'innerloop-update-'))) {
		this.folder = folder;
		this.root = join(folder, 'root');
		this.dataDir = join(folder, 'data');
		this.source = join(folder, 'source');
	}

	/** Release 1.0.0 runs in slot a, with a database of schema 1. */
	async open(): Promise<this> {
		for (const folder of [join(this.root, 'slots'), join(this.root, 'update'), this.dataDir, this.source])
			mkdirSync(folder, { recursive: true });
		await this.layOut({ version: '1.0.0' }, join(this.root, 'slots', 'a'));
		symlinkSync('slots/a', join(this.root, 'current'));
		this.trust([this.signing.key]);
		this.setDatabase(1, 'before');
		return this;
	}

	async close(): Promise<void> {
		await this.service().stop();
		rmSync(this.folder, { recursive: true, force: true });
	}

	trust(keys: readonly object[]): void {
		writeFileSync(join(this.root, 'update', 'keys.json'), JSON.stringify(keys));
	}

	current(): string {
		return readlinkSync(join(this.root, 'current'));
	}

	setDatabase(version: number, note: string): void {
		const db = new DatabaseSync(join(this.dataDir, 'innerloop.db'), { timeout: BUSY_MS });
		db.exec(`PRAGMA user_version = ${version}; CREATE TABLE IF NOT EXISTS notes (text TEXT); INSERT INTO notes VALUES ('${note}')`);
		db.close();
	}

	database(): { readonly version: number; readonly notes: readonly string[] } {
		const db = new DatabaseSync(join(this.dataDir, 'innerloop.db'), { timeout: BUSY_MS });
		const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
		const notes = (db.prepare('SELECT text FROM notes').all() as { text: string }[]).map(({ text }) => text);
		db.close();
		return { version, notes };
	}

	/** Puts a signed release into the source. */
	async offer(plan: ReleasePlan, signing = this.signing): Promise<void> {
		const folder = join(this.folder, `release-${plan.version}`);
		await this.layOut(plan, folder);
		const archive = join(this.source, `innerloop-${plan.version}-${arch}.tar.zst`);
		packRelease(folder, archive, EPOCH);
		const described = { name: `innerloop-${plan.version}-${arch}.tar.zst`, bytes: statSync(archive).size, sha256: await sha256Of(archive) };
		const facts = { version: plan.version, arch, commit: 'c'.repeat(40), epoch: EPOCH } as const;
		const more = { databaseVersion: plan.databaseVersion ?? 1, ...(plan.keys && { keys: plan.keys }) };
		writeDescription(this.source, facts, described, { id: signing.key.id, pem: signing.privateKeyPem }, more);
	}

	async layOut({ version, health = 'well', databaseVersion = 1 }: ReleasePlan, folder: string): Promise<void> {
		mkdirSync(join(folder, 'bin'), { recursive: true });
		cpSync(PROGRAM, join(folder, 'program.mjs'));
		writeFileSync(join(folder, 'release.json'), JSON.stringify({ version, arch, commit: 'c'.repeat(40), health, databaseVersion }));
		const starter = `#!/bin/sh\nroot=$(dirname "$(dirname "$(readlink -f "$0")")")\nexec ${process.execPath} "$root/program.mjs" "$root" "$@"\n`;
		writeFileSync(join(folder, 'bin', 'innerloop'), starter);
		chmodSync(join(folder, 'bin', 'innerloop'), 0o755);
		await writeHashes(folder);
	}

	/** Starts what `current` points to, as the unit does. */
	service(): ServiceControl {
		return {
			start: async () => {
				this.#service = spawn(join(this.root, 'current', 'bin', 'innerloop'), ['serve'], {
					stdio: 'ignore',
					env: { PATH: process.env.PATH, INNERLOOP_DATA: this.dataDir },
				});
				this.#service.on('error', () => undefined);
				writeFileSync(join(this.folder, 'pid'), String(this.#service.pid));
			},
			stop: async () => {
				const service = this.#service;
				this.#service = undefined;
				if (service === undefined || service.exitCode !== null || service.signalCode !== null) return;
				const gone = new Promise((resolve) => service.once('exit', resolve));
				service.kill('SIGTERM');
				await gone;
			},
			answeringVersion: () => askVersion(this.dataDir),
		};
	}

	updateBox(overrides: Partial<UpdateBox> = {}): UpdateBox {
		return {
			root: this.root,
			dataDir: this.dataDir,
			source: this.source,
			arch,
			databaseVersion: () => this.database().version,
			service: this.service(),
			gate: { patienceMs: 30_000, settleMs: 300, pollMs: 50 },
			nowMs: () => performance.now(),
			onStep: (step) => this.steps.push(step),
			onProgress: () => undefined,
			...overrides,
		};
	}

	/** What the power does to a service whose updater is gone. */
	cutPower(): void {
		try {
			process.kill(Number(readFileSync(join(this.folder, 'pid'), 'utf8')), 'SIGKILL');
		} catch {
			// It was stopped for the update.
		}
	}

	/** Starts what the link names, as the next boot does. @returns the version that answers */
	async boot(): Promise<string | undefined> {
		const service = this.service();
		await service.start();
		for (let tries = 0; tries < 300; tries += 1) {
			const version = await service.answeringVersion();
			if (version !== undefined) return version;
			await sleep(100);
		}
		return undefined;
	}

	lastOutcome(): { readonly outcome: string; readonly reason?: string } {
		return JSON.parse(readFileSync(join(this.root, 'update', 'last.json'), 'utf8'));
	}
}
