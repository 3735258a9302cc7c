/** A vendor's own name on loopback: a certificate made for the test, and a proxy that leads the name to a stand-in. */

import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** DER: tag, length, content (X.690). */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
	const content = Buffer.concat(parts);
	const { length } = content;
	const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
	return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const SUBJECT_ALT_NAME = oid('551d11');
const BASIC_CONSTRAINTS = oid('551d13');
const TRUE = der(0x01, Buffer.from([0xff]));

const nameOf = (text: string) => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))));
const utcTime = (date: Date) => der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
const extension = (id: Buffer, value: Buffer) => sequence(id, der(0x04, value));

export interface Certificate {
	readonly certPem: string;
	readonly keyPem: string;
}

/** Self-signed, for one host name, good for a day around now (RFC 5280). */
function makeCertificate(host: string): Certificate {
	const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const day = 86_400_000;
	const signed = sequence(
		der(0xa0, der(0x02, Buffer.from([2]))),
		der(0x02, Buffer.from([1])),
		ECDSA_WITH_SHA256,
		nameOf(host),
		sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + day))),
		nameOf(host),
		publicKey.export({ type: 'spki', format: 'der' }),
		der(0xa3, sequence(extension(SUBJECT_ALT_NAME, sequence(der(0x82, Buffer.from(host)))), extension(BASIC_CONSTRAINTS, sequence(TRUE)))),
	);
	const signature = createSign('sha256').update(signed).sign(privateKey);
	const whole = sequence(signed, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
	const certPem = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
	return { certPem, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

export interface NamedUpstream {
	/** For `HTTPS_PROXY`: it leads to nowhere but the one name. */
	readonly proxyUrl: string;
	/** To be trusted by the client. */
	readonly certPem: string;
	close(): Promise<void>;
}

/** @param target `http://HOST:PORT` of the stand-in that answers for the name */
export async function startNamedUpstream(host: string, target: string): Promise<NamedUpstream> {
	const { certPem, keyPem } = makeCertificate(host);
	const { hostname, port } = new URL(target);
	const sockets = new Set<Socket>();
	const proxy = createServer((_, response) => response.writeHead(403).end());
	proxy.on('connect', (request, client: Socket) => {
		if (request.url !== `${host}:443`) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
		client.write('HTTP/1.1 200 OK\r\n\r\n');
		const inner = new TLSSocket(client, { isServer: true, key: keyPem, cert: certPem });
		const upstream = connect(Number(port), hostname);
		sockets.add(client).add(upstream);
		for (const socket of [inner, upstream]) socket.on('error', () => client.destroy());
		inner.pipe(upstream).pipe(inner);
	});
	await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
	return {
		proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
		certPem,
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				proxy.close(() => resolve());
				proxy.closeAllConnections();
			}),
	};
}
