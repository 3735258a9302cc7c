/** The client's end of a pairing: over TLS only, and nothing secret is sent before the box has shown that it knows the code. */

import { randomBytes, X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { channelOf, decode, encode, NOTES } from './channel.ts';
import { readTypedCode } from './code.ts';
import { drawScalar, sessionKey, shareOf } from './cpace.ts';
import type { Paired, PairingAnswer, PairingFinish, PairingFinished, PairingRequest, PairingStart, PairingStarted } from './messages.ts';
import { isProof, sideKeys } from './seal.ts';

const TIMEOUT_MS = 20_000;
const LONGEST_REPLY = 1_048_576;

/** `not-the-box`: whoever answered does not know the code, or somebody stands between; all else says itself. */
class PairingError extends Error {
	readonly code: 'no-tls' | 'unreachable' | 'wrong-code' | 'not-the-box' | 'refused';

	constructor(code: PairingError['code'], message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = 'PairingError';
		this.code = code;
	}
}

/**
 * @param address `https://innerloop.local:7343`; anything but https is refused
 * @param typedCode as a person typed it
 * @throws PairingError with words for a person
 */
export async function pairWithBox(address: string, typedCode: string, wish: PairingRequest): Promise<Paired> {
	const base = new URL(address);
	if (base.protocol !== 'https:')
		throw new PairingError('no-tls', `Pairing goes over https only, not ${base.protocol}//: nothing was sent.`);
	return await run(new Line(base), typedCode, wish);
}

async function run(line: Line, typedCode: string, wish: PairingRequest): Promise<Paired> {
	const { slot, code } = readTypedCode(typedCode);
	const input = { secret: code, channel: channelOf(await line.certificate()), sessionId: randomBytes(16) };
	const scalar = drawScalar();
	const client = { point: shareOf(input, scalar), note: NOTES.client };
	const begin: PairingStart = { version: 1, ...(slot && { slot }), sessionId: encode(input.sessionId), share: encode(client.point) };
	const started = await line.post<PairingStarted>('start', begin);
	const box = { point: decode(String(started.share)), note: NOTES.box };
	const key = sessionKey(scalar, box.point, input.sessionId, client, box);
	if (key === undefined) throw notTheBox();
	const own = sideKeys(key, 'client');
	// Sealed for whoever knows the code, so it may hold the owner's password: a false box cannot open it.
	const finish: PairingFinish = { pairing: started.pairing, proof: encode(own.proof), sealed: encode(own.seal(JSON.stringify(wish))) };
	const finished = await line.post<PairingFinished>('finish', finish);
	const theirs = sideKeys(key, 'box');
	const text = isProof(decode(String(finished.proof)), theirs.proof) ? theirs.open(decode(String(finished.sealed))) : undefined;
	if (text === undefined) throw notTheBox();
	const answer = JSON.parse(text) as PairingAnswer;
	if ('refused' in answer) throw new PairingError('refused', answer.refused);
	assertSigned(await line.certificate(), answer.paired.authority);
	return answer.paired;
}

/** The authority that will be trusted from now on must be the one behind this very connection. */
function assertSigned(certificate: Uint8Array, authority: string | undefined): void {
	if (authority === undefined) return;
	const [leaf, issuer] = [new X509Certificate(certificate), new X509Certificate(authority)];
	if (!leaf.checkIssued(issuer) || !leaf.verify(issuer.publicKey)) throw notTheBox();
}

const notTheBox = () =>
	new PairingError(
		'not-the-box',
		'Whoever answers there does not know the code: another box, or somebody between you and yours. Nothing was given away. Compare the address with the one that the box shows.',
	);

/** Requests over connections that all show the same certificate; it is not checked, since the pairing is what proves it. */
class Line {
	readonly #base: URL;
	#certificate: Buffer | undefined;

	constructor(base: URL) {
		this.#base = base;
	}

	async certificate(): Promise<Uint8Array> {
		if (this.#certificate === undefined) (await this.#connect()).destroy();
		if (this.#certificate === undefined) throw new PairingError('unreachable', `${this.#base.host} shows no certificate.`);
		return this.#certificate;
	}

	async post<T>(step: 'start' | 'finish', body: PairingStart | PairingFinish): Promise<T> {
		const { status, text } = await this.#send(await this.#connect(), `/innerloop/v1/pairing/${step}`, JSON.stringify(body));
		if (status === 200) return JSON.parse(text) as T;
		const message = messageOf(text) ?? `${this.#base.host} answered ${status}.`;
		throw new PairingError(status === 403 ? 'wrong-code' : 'refused', message);
	}

	/** Sends nothing before the certificate is known, and nothing where it is another than at first. */
	#connect(): Promise<TLSSocket> {
		const { hostname, port } = this.#base;
		const host = hostname.replace(/^\[|\]$/g, '');
		return new Promise((resolve, reject) => {
			const socket = connect({ host, port: Number(port || 443), ...(isIP(host) === 0 && { servername: host }), rejectUnauthorized: false });
			socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
			socket.on('error', (cause) => reject(this.#unreachable(cause)));
			socket.once('secureConnect', () => {
				const raw = socket.getPeerX509Certificate()?.raw;
				this.#certificate ??= raw;
				if (raw !== undefined && this.#certificate?.equals(raw) === true) return resolve(socket);
				socket.destroy();
				reject(notTheBox());
			});
		});
	}

	#send(socket: TLSSocket, path: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
		return new Promise((resolve, reject) => {
			const fail = (cause: unknown) => reject(this.#unreachable(cause));
			const headers = {
				host: this.#base.host,
				'content-type': 'application/json',
				'content-length': Buffer.byteLength(body),
				connection: 'close',
			};
			const outgoing = request({ method: 'POST', path, headers, createConnection: () => socket }, (reply) => {
				let text = '';
				reply.setEncoding('utf8');
				reply.on('data', (piece: string) => {
					text += piece;
					if (text.length > LONGEST_REPLY) outgoing.destroy(new Error('an endless reply'));
				});
				reply.on('error', fail);
				reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
			});
			outgoing.on('error', fail);
			outgoing.end(body);
		});
	}

	#unreachable(cause: unknown): PairingError {
		return new PairingError('unreachable', `${this.#base.host} does not answer.`, { cause });
	}
}

function messageOf(text: string): string | undefined {
	try {
		return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
	} catch {
		return undefined;
	}
}
