/**
 * Providers' keys that were set on the page or the command line: one file of the data folder, each value sealed by
 * AES-256-GCM. What seals them is a credential of systemd's where the unit passes one, else a key file beside it.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../protocol/problem.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** `LoadCredentialEncrypted=innerloop-secrets:…` of the unit. */
const CREDENTIAL = 'innerloop-secrets';
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;

interface SecretsFile {
	readonly version: 1;
	/** By environment variable: iv, sealed bytes and tag as base64url. */
	readonly sealed: Readonly<Record<string, string>>;
}

export interface KeptSecrets {
	/** Environment variables that they stand in for. */
	names(): readonly string[];
	/** In the clear, for the settings alone. */
	values(): Readonly<Record<string, string>>;
	/** Resolves once it is on the disk. */
	set(name: string, value: string): Promise<void>;
	/** False for one that is not there. */
	remove(name: string): Promise<boolean>;
}

/** Rejects with a Problem where the file is there and its key is not, or another. */
export async function openKeptSecrets(dataDir: string, credentialsDir: string | undefined): Promise<KeptSecrets> {
	const file = join(dataDir, 'secrets.json');
	const kept = await readSecrets(file);
	let sealKey = await readKey(dataDir, credentialsDir);
	if (sealKey === undefined && Object.keys(kept.sealed).length > 0) throw keyMissing(file);
	const open = sealKey;
	const values = new Map(
		open === undefined ? [] : Object.entries(kept.sealed).map(([name, text]) => [name, unseal(open, name, text, file)]),
	);
	const write = async (): Promise<void> => {
		sealKey ??= await makeKey(dataDir);
		const key = sealKey;
		const sealed = Object.fromEntries([...values].map(([name, value]) => [name, seal(key, name, value)]));
		await replace(file, `${JSON.stringify({ version: 1, sealed } satisfies SecretsFile, null, 2)}\n`);
	};
	return {
		names: () => [...values.keys()],
		values: () => Object.fromEntries(values),
		async set(name, value) {
			if (!NAME.test(name)) throw new Problem('invalid-call', 'A secret is named like an environment variable: ANTHROPIC_API_KEY.');
			values.set(name, value);
			await write();
		},
		async remove(name) {
			if (!values.delete(name)) return false;
			await write();
			return true;
		},
	};
}

/** The name is sealed along, so that one secret cannot be put in another's place. */
function seal(key: Uint8Array, name: string, value: string): string {
	const iv = randomBytes(IV_BYTES);
	const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name));
	return Buffer.concat([iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

function unseal(key: Uint8Array, name: string, text: string, file: string): string {
	const bytes = Buffer.from(text, 'base64url');
	try {
		const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES }).setAAD(
			Buffer.from(name),
		);
		decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
		return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
	} catch {
		throw keyMissing(file);
	}
}

const keyMissing = (file: string) =>
	new Problem(
		'internal',
		`The secrets in ${file} were sealed with another key. Put it back, or delete the file and set the providers' keys anew.`,
	);

async function readSecrets(file: string): Promise<SecretsFile> {
	const text = await readWhereThere(file);
	if (text === undefined) return { version: 1, sealed: {} };
	try {
		return JSON.parse(text.toString('utf8')) as SecretsFile;
	} catch (cause) {
		throw new Problem('internal', `${file} is damaged: delete it and set the providers' keys anew.`, { cause });
	}
}

async function readKey(dataDir: string, credentialsDir: string | undefined): Promise<Uint8Array | undefined> {
	const credential = credentialsDir === undefined ? undefined : await readWhereThere(join(credentialsDir, CREDENTIAL));
	const secret = credential ?? (await readWhereThere(join(dataDir, 'secrets.key')));
	return secret === undefined ? undefined : derive(secret);
}

const derive = (secret: Uint8Array): Uint8Array => new Uint8Array(hkdfSync('sha256', secret, '', 'innerloop provider secrets 1', 32));

async function makeKey(dataDir: string): Promise<Uint8Array> {
	const secret = randomBytes(32);
	await replace(join(dataDir, 'secrets.key'), secret);
	return derive(secret);
}

async function readWhereThere(file: string): Promise<Buffer | undefined> {
	try {
		return await readFile(file);
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
		throw error;
	}
}

async function replace(file: string, content: string | Uint8Array): Promise<void> {
	const fresh = `${file}.${process.pid}`;
	await writeFile(fresh, content, { mode: 0o600, flush: true });
	await chmod(fresh, 0o600);
	await rename(fresh, file);
}
