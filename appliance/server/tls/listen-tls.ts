/** HTTPS beside the plain port: the same addresses, over TLS 1.2 or newer, with a certificate that is renewed while it runs. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Settings } from '../../config/settings.ts';
import { Problem } from '../../protocol/problem.ts';
import { answerClientError } from '../plugins/problems.ts';
import { ownCertificate, type ServerCertificate } from './own-certificate.ts';

/** How often names, addresses and dates are compared with the certificate. */
const LOOK_EVERY_MS = 600_000;

export interface TlsDoor {
	/** 0 without one. */
	readonly port: number;
	/** PEM of the authority that clients have to be given; undefined where there is none. */
	authority(): string | undefined;
	/** SHA-256 of the authority, or of a certificate that everybody trusts, as hex: the same over renewals. */
	fingerprint(): string;
	/** DER of the certificate that new connections see. */
	certificate(): Uint8Array;
	/** Takes no new connections; those that are idle end. */
	close(): Promise<void>;
}

const hasTls = ({ host, tls }: Settings['server']): boolean =>
	tls.mode === 'on' || (tls.mode === 'auto' && (tls.certFile !== undefined || !isLoopbackHost(host)));

export const isLoopbackHost = (host: string): boolean =>
	host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

export interface TlsOptions {
	readonly settings: () => Settings;
	readonly dataDir: string;
	readonly host: string;
	/** Plain HTTP takes any free port. */
	readonly isPortFree: boolean;
	readonly log: Logger;
}

/** Undefined where the configuration wants none. Rejects with a Problem for a certificate or port that cannot be used. */
export async function listenTls(app: FastifyInstance, options: TlsOptions): Promise<TlsDoor | undefined> {
	const { server: config } = options.settings();
	if (!hasTls({ ...config, host: options.host })) return undefined;
	let current = await readCertificate(options);
	const server = createSecureServer(app, options, current);
	// Whoever takes any free port for one means both.
	await listen(server, options.host, options.isPortFree && config.tls.mode === 'auto' ? 0 : config.tls.port);
	const timer = setInterval(() => {
		void readCertificate(options).then(
			(next) => {
				if (next.certificate === current.certificate) return;
				server.setSecureContext({ key: next.key, cert: next.certificate, minVersion: 'TLSv1.2' });
				current = next;
				options.log.info({}, 'the box has a new certificate');
			},
			(err: unknown) => options.log.error({ err }, 'the certificate cannot be renewed'),
		);
	}, LOOK_EVERY_MS).unref();
	return {
		port: (server.address() as AddressInfo).port,
		authority: () => current.authority,
		fingerprint: () => new X509Certificate(current.authority ?? current.certificate).fingerprint256.replaceAll(':', '').toLowerCase(),
		certificate: () => new X509Certificate(current.certificate).raw,
		close: () => {
			clearInterval(timer);
			return new Promise((resolve) => {
				server.close(() => resolve());
				server.closeIdleConnections();
			});
		},
	};
}

function createSecureServer(app: FastifyInstance, { settings }: TlsOptions, { key, certificate }: ServerCertificate): Server {
	const { headerBytes, headersTimeoutMs, bodyTimeoutMs } = settings().server.limits;
	const server = createServer(
		{
			key,
			cert: certificate,
			minVersion: 'TLSv1.2',
			maxHeaderSize: headerBytes,
			headersTimeout: headersTimeoutMs,
			requestTimeout: bodyTimeoutMs,
			keepAliveTimeout: app.server.keepAliveTimeout,
		},
		(request, reply) => app.routing(request, reply),
	);
	server.on('clientError', answerClientError);
	return server;
}

async function readCertificate({ settings, dataDir }: TlsOptions): Promise<ServerCertificate> {
	const { tls, allowedHosts } = settings().server;
	const { certFile, keyFile, caFile, names } = tls;
	if (certFile === undefined || keyFile === undefined) return await ownCertificate(dataDir, [...allowedHosts, ...names], Date.now());
	const [certificate, key, authority] = await Promise.all([
		readPem(certFile),
		readPem(keyFile),
		caFile === undefined ? undefined : readPem(caFile),
	]);
	checkPair(certFile, certificate, keyFile, key);
	return { certificate, key, authority };
}

/** What TLS itself would refuse later, in words of its own. */
function checkPair(certFile: string, certificate: string, keyFile: string, key: string): void {
	const leaf = parsed(certFile, 'a certificate in PEM', () => new X509Certificate(certificate));
	const secret = parsed(keyFile, 'an unencrypted private key in PEM', () => createPrivateKey(key));
	if (leaf.checkPrivateKey(secret)) return;
	throw new Problem('invalid-call', `The key in ${keyFile} is not that of the first certificate in ${certFile} (server.tls).`);
}

function parsed<T>(file: string, what: string, parse: () => T): T {
	try {
		return parse();
	} catch (cause) {
		throw new Problem('invalid-call', `The file ${file} (server.tls) is not ${what}.`, { cause });
	}
}

async function readPem(file: string): Promise<string> {
	try {
		return await readFile(file, 'utf8');
	} catch (cause) {
		throw new Problem('invalid-call', `The file ${file} (server.tls) cannot be read.`, { cause });
	}
}

function listen(server: Server, host: string, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', (cause) =>
			reject(new Problem('internal', `Cannot listen by HTTPS on ${host} port ${port}. Choose another with server.tls.port.`, { cause })),
		);
		server.listen({ host, port }, resolve);
	});
}
