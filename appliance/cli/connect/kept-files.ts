/** Changes files of clients so that each can be put back byte for byte: copies and a list of what was changed are kept. */

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Edit } from './edits.ts';

const PRIVATE = 0o600;

interface KeptFile {
	readonly client: string;
	readonly path: string;
	/** Copy of the file as it was; undefined where there was none. */
	readonly backup: string | undefined;
	/** As it was. */
	readonly mode: number;
	/** Of what we wrote. */
	readonly sha256: string;
}

export interface Connection {
	readonly box: string;
	/** Base addresses, the one in use first. */
	readonly addresses: readonly string[];
	readonly caFile: string | undefined;
	readonly files: readonly KeptFile[];
}

export type Restored = 'restored' | 'cleaned' | 'gone';

export class KeptFiles {
	readonly folder: string;

	/** @param folder ours alone: `~/.config/innerloop/connect` */
	constructor(folder: string) {
		this.folder = folder;
	}

	/** Undefined where nothing is connected. */
	connection(): Connection | undefined {
		const text = readIfThere(join(this.folder, 'connection.json'));
		return text === undefined ? undefined : (JSON.parse(text.toString('utf8')) as Connection);
	}

	/** The file as it was before we touched it; undefined where there was none. What was changed by hand since is kept. */
	original(path: string, edit: Edit): string | undefined {
		const kept = this.connection()?.files.find((file) => file.path === path);
		const now = readIfThere(path);
		if (kept === undefined || now === undefined) return now?.toString('utf8');
		if (hashOf(now) !== kept.sha256) return edit.remove(now.toString('utf8'));
		return kept.backup === undefined ? undefined : readFileSync(kept.backup, 'utf8');
	}

	/** @returns what is to be kept in the list */
	write(client: string, path: string, text: string, original: string | undefined): KeptFile {
		const backup = original === undefined ? undefined : join(this.folder, `${client}.backup`);
		if (backup !== undefined) writeWhole(backup, Buffer.from(original ?? ''));
		const content = Buffer.from(text);
		const known = this.connection()?.files.find((file) => file.path === path);
		const mode = known?.mode ?? (existsSync(path) ? statSync(path).mode & 0o777 : PRIVATE);
		writeWhole(path, content);
		return { client, path, backup, mode, sha256: hashOf(content) };
	}

	/** Takes the place of the list; files of clients that are not in it stay connected as they were. */
	keep(connection: Connection): void {
		const paths = new Set(connection.files.map(({ path }) => path));
		const others = this.connection()?.files.filter(({ path }) => !paths.has(path)) ?? [];
		const whole = { ...connection, files: [...others, ...connection.files] };
		writeWhole(join(this.folder, 'connection.json'), Buffer.from(`${JSON.stringify(whole, null, 2)}\n`));
	}

	/** Puts the files of a client (of all, without one) back as they were. */
	restore(client: string | undefined, editOf: (client: string) => Edit | undefined): { client: string; path: string; how: Restored }[] {
		const connection = this.connection();
		if (connection === undefined) return [];
		const wanted = connection.files.filter((file) => client === undefined || file.client === client);
		const done = wanted.map((file) => ({ client: file.client, path: file.path, how: restoreFile(file, editOf(file.client)) }));
		const left = connection.files.filter((file) => !wanted.includes(file));
		for (const { backup } of wanted) if (backup !== undefined) rmSync(backup, { force: true });
		if (left.length === 0) rmSync(this.folder, { recursive: true, force: true });
		else writeWhole(join(this.folder, 'connection.json'), Buffer.from(`${JSON.stringify({ ...connection, files: left }, null, 2)}\n`));
		return done;
	}
}

function restoreFile({ path, backup, sha256, mode }: KeptFile, edit: Edit | undefined): Restored {
	const now = readIfThere(path);
	if (now === undefined) return 'gone';
	if (hashOf(now) !== sha256 && edit !== undefined) {
		writeWhole(path, Buffer.from(edit.remove(now.toString('utf8'))), mode);
		return 'cleaned';
	}
	if (backup === undefined) rmSync(path);
	else writeWhole(path, readFileSync(backup), mode);
	return 'restored';
}

/** Never half written, and for its owner alone unless said otherwise: it holds a key. */
export function writeWhole(path: string, content: Buffer, mode = PRIVATE): void {
	mkdirSync(dirname(path), { recursive: true });
	const fresh = `${path}.innerloop-${process.pid}`;
	writeFileSync(fresh, content, { mode });
	chmodSync(fresh, mode);
	renameSync(fresh, path);
}

const readIfThere = (path: string): Buffer | undefined => (existsSync(path) ? readFileSync(path) : undefined);
const hashOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
