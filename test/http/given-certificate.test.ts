/** HTTPS by a certificate that the operator gives: what clients see, and what is said of one that cannot serve. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeyAndCertificate, makeAuthority, makeLeaf } from '../../appliance/server/tls/certificate.ts';
import { startBox } from './support/start-box.ts';

const HOUR_MS = 3_600_000;
const NAME = 'innerloop.team.lan';
const span = () => ({ from: new Date(Date.now() - HOUR_MS), until: new Date(Date.now() + HOUR_MS) });
let folder: string;
let authority: KeyAndCertificate;
let leaf: KeyAndCertificate;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'innerloop-certificate-'));
	authority = makeAuthority('Team authority', ['lan'], span());
	leaf = makeLeaf(authority, { dns: [NAME], ip: [] }, span());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start = async (certificate: string, key: string, ca?: string) => {
	const files = { cert: join(folder, 'box.pem'), key: join(folder, 'box.key'), ca: join(folder, 'ca.pem') };
	await Promise.all([writeFile(files.cert, certificate), writeFile(files.key, key), writeFile(files.ca, ca ?? '')]);
	const tls = { port: 0, certFile: files.cert, keyFile: files.key, ...(ca === undefined ? {} : { caFile: files.ca }) };
	return startBox({ config: { server: { port: 0, allowedHosts: [NAME], tls } } });
};

/** As a client that knows the name and trusts one authority. */
const get = (url: string, path: string, ca: string): Promise<{ readonly status: number | undefined; readonly body: string }> =>
	new Promise((resolve, reject) => {
		const asked = request(new URL(path, url), { ca, servername: NAME, headers: { host: NAME } }, (reply) => {
			let body = '';
			reply.on('data', (chunk: Buffer) => (body += chunk.toString()));
			reply.once('end', () => resolve({ status: reply.statusCode, body }));
		});
		asked.once('error', reject);
		asked.end();
	});

describe('a given certificate', () => {
	it('is what clients see, and its authority what the box hands out', async () => {
		await using box = await start(leaf.certificate, leaf.key, authority.certificate);
		expect(await get(box.secureUrl, '/healthz', authority.certificate)).toMatchObject({ status: 200 });
		const { body } = await get(box.secureUrl, '/innerloop/v1/authority.pem', authority.certificate);
		expect(body.trim()).toBe(authority.certificate.trim());
		const other = makeAuthority('Another authority', ['lan'], span());
		await expect(get(box.secureUrl, '/healthz', other.certificate)).rejects.toThrow(/unable to verify|self-signed|signature/i);
	});

	it('needs no authority of its own where everybody trusts it', async () => {
		await using box = await start(leaf.certificate, leaf.key);
		expect((await get(box.secureUrl, '/innerloop/v1/authority.pem', authority.certificate)).status).toBe(404);
	});

	it.each([
		['the key of another', () => [leaf.certificate, makeLeaf(authority, { dns: [NAME], ip: [] }, span()).key], /box\.key.* is not that of/],
		['no certificate', () => ['not a certificate', leaf.key], /box\.pem .*is not a certificate in PEM/],
		['no key', () => [leaf.certificate, 'not a key'], /box\.key .*is not an unencrypted private key/],
	] as const)('with %s keeps the box from starting, and says which file', async (_, make, words) => {
		const [certificate = '', key = ''] = make();
		await expect(start(certificate, key)).rejects.toThrow(words);
	});
});
