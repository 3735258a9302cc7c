/** Makes a certificate for loopback that signs itself: the few lines of DER (X.690) and X.509 (RFC 5280) that a test needs. */

import { generateKeyPairSync, sign } from 'node:crypto';

export interface SelfSigned {
	/** PEM; also the only authority that it can be checked by. */
	readonly cert: string;
	readonly key: string;
}

const TAG = {
	boolean: 0x01,
	integer: 0x02,
	bits: 0x03,
	octets: 0x04,
	oid: 0x06,
	utf8: 0x0c,
	time: 0x17,
	sequence: 0x30,
	set: 0x31,
} as const;

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
	const body = Buffer.concat(parts);
	const { length } = body;
	const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
	return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const oid = (hex: string) => der(TAG.oid, Buffer.from(hex, 'hex'));
const ECDSA_SHA256 = der(TAG.sequence, oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const SUBJECT_ALT_NAME = oid('551d11');
const BASIC_CONSTRAINTS = oid('551d13');

const utcTime = (date: Date) => der(TAG.time, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

function extensions(): Buffer {
	const names = der(TAG.sequence, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
	const isAuthority = der(TAG.sequence, der(TAG.boolean, Buffer.from([0xff])));
	const list = [
		der(TAG.sequence, BASIC_CONSTRAINTS, der(TAG.boolean, Buffer.from([0xff])), der(TAG.octets, isAuthority)),
		der(TAG.sequence, SUBJECT_ALT_NAME, der(TAG.octets, names)),
	];
	return der(0xa3, der(TAG.sequence, ...list));
}

/** For localhost and 127.0.0.1, a day before and after now. */
export function makeSelfSigned(): SelfSigned {
	const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const dayMs = 86_400_000;
	const now = Date.now();
	const name = der(TAG.sequence, der(TAG.set, der(TAG.sequence, COMMON_NAME, der(TAG.utf8, Buffer.from('loopback test')))));
	const version3 = der(0xa0, der(TAG.integer, Buffer.from([2])));
	const serial = der(TAG.integer, Buffer.from([1]));
	const validity = der(TAG.sequence, utcTime(new Date(now - dayMs)), utcTime(new Date(now + dayMs)));
	const spki = publicKey.export({ type: 'spki', format: 'der' });
	const body = der(TAG.sequence, version3, serial, ECDSA_SHA256, name, validity, name, spki, extensions());
	const signature = der(TAG.bits, Buffer.from([0]), sign('sha256', body, privateKey));
	const base64 = der(TAG.sequence, body, ECDSA_SHA256, signature)
		.toString('base64')
		.replace(/.{64}(?=.)/g, '$&\n');
	return {
		cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
		key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
	};
}
