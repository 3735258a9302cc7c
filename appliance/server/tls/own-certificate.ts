/** The box's own authority and certificate, as files of the data folder: made at the first start, renewed in time. */

import { randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyAndCertificate, Names } from './certificate.ts';
import { leafNames, permittedNames } from './names.ts';

const DAY_MS = 86_400_000;
/** Apple's limit for servers is 398 days. */
const LEAF_DAYS = 397;
const RENEW_DAYS = 30;
/** A Pi has no clock of its own: whatever it believes at its first start, the certificates count from here. */
const EPOCH = new Date('2025-01-01T00:00:00Z');
const AUTHORITY_UNTIL = new Date('2049-12-31T23:59:59Z');

export interface ServerCertificate extends KeyAndCertificate {
	/** PEM of the authority that clients have to be given; undefined where everybody trusts it. */
	readonly authority: string | undefined;
}

/** @param more names beside those of the machine */
export async function ownCertificate(dataDir: string, more: readonly string[], nowMs: number): Promise<ServerCertificate> {
	const folder = join(dataDir, 'tls');
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const authority = (await readPair(folder, 'authority')) ?? (await makePair(folder, 'authority', () => newAuthority(more)));
	const names = leafNames(more);
	const kept = await readPair(folder, 'server');
	const leaf = kept !== undefined && isGood(kept, authority, names, nowMs) ? kept : await newLeaf(folder, authority, names, nowMs);
	return { ...leaf, authority: authority.certificate };
}

/** The structures of certificates are loaded when one has to be made, which is once a year. */
async function newAuthority(more: readonly string[]): Promise<KeyAndCertificate> {
	const { makeAuthority } = await import('./certificate.ts');
	return makeAuthority(`Innerloop ${randomBytes(4).toString('hex')}`, permittedNames(more), { from: EPOCH, until: AUTHORITY_UNTIL });
}

async function newLeaf(folder: string, authority: KeyAndCertificate, names: Names, nowMs: number): Promise<KeyAndCertificate> {
	const { makeLeaf } = await import('./certificate.ts');
	const from = new Date(Math.max(EPOCH.getTime(), nowMs - DAY_MS));
	const span = { from, until: new Date(from.getTime() + LEAF_DAYS * DAY_MS) };
	return await makePair(folder, 'server', () => Promise.resolve(makeLeaf(authority, names, span)));
}

function isGood({ certificate }: KeyAndCertificate, authority: KeyAndCertificate, names: Names, nowMs: number): boolean {
	const leaf = new X509Certificate(certificate);
	const isInTime = nowMs >= leaf.validFromDate.getTime() && nowMs < leaf.validToDate.getTime() - RENEW_DAYS * DAY_MS;
	const hasNames = names.dns.every((name) => leaf.checkHost(name) !== undefined) && names.ip.every((ip) => leaf.checkIP(ip) !== undefined);
	return isInTime && hasNames && leaf.checkIssued(new X509Certificate(authority.certificate));
}

async function readPair(folder: string, name: string): Promise<KeyAndCertificate | undefined> {
	try {
		const [key, certificate] = await Promise.all([
			readFile(join(folder, `${name}.key.pem`), 'utf8'),
			readFile(join(folder, `${name}.pem`), 'utf8'),
		]);
		return { key, certificate };
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
		throw error;
	}
}

/** The key first, under another name until both are there. */
async function makePair(folder: string, name: string, make: () => Promise<KeyAndCertificate>): Promise<KeyAndCertificate> {
	const pair = await make();
	await replace(join(folder, `${name}.key.pem`), pair.key, 0o600);
	await replace(join(folder, `${name}.pem`), pair.certificate, 0o644);
	return pair;
}

async function replace(file: string, text: string, mode: number): Promise<void> {
	const fresh = `${file}.${process.pid}`;
	await writeFile(fresh, text, { mode });
	await chmod(fresh, mode);
	await rename(fresh, file);
}
