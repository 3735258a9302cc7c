/** Asks one mDNS responder for the boxes that it knows, by a query of our own on a plain socket. */

import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';

const PTR = 12;
const INTERNET = 1;
const QUERY_MS = 1_000;

export const SERVICE = '_innerloop._tcp.local';

/** A DNS query for one name, RFC 1035 §4.1. */
export function encodeQuery(name: string): Buffer {
	const header = Buffer.from([0x13, 0x57, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
	const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
	return Buffer.from([...header, ...labels, 0, 0, PTR, 0, INTERNET]);
}

/** Instance labels of the PTR answers to `name`. @throws where the bytes are no reply */
export function decodeInstances(reply: Buffer, name: string): string[] {
	if ((reply.readUInt16BE(2) & 0x8000) === 0) return [];
	let at = 12;
	for (let left = reply.readUInt16BE(4); left > 0; left -= 1) at = readName(reply, at).end + 4;
	const instances: string[] = [];
	for (let left = reply.readUInt16BE(6); left > 0; left -= 1) {
		const owner = readName(reply, at);
		const type = reply.readUInt16BE(owner.end);
		const dataAt = owner.end + 10;
		if (type === PTR && owner.labels.join('.') === name) instances.push(readName(reply, dataAt).labels[0] ?? '');
		at = dataAt + reply.readUInt16BE(owner.end + 8);
	}
	return instances;
}

function readName(bytes: Buffer, start: number): { readonly labels: readonly string[]; readonly end: number } {
	const labels: string[] = [];
	let at = start;
	let end: number | undefined;
	for (let jumps = 0; jumps < 20; ) {
		const length = bytes.readUInt8(at);
		if (length === 0) return { labels, end: end ?? at + 1 };
		if ((length & 0xc0) === 0xc0) {
			end ??= at + 2;
			at = bytes.readUInt16BE(at) & 0x3fff;
			jumps += 1;
			continue;
		}
		labels.push(bytes.toString('utf8', at + 1, at + 1 + length));
		at += 1 + length;
	}
	throw new Error('a name that points at itself');
}

/** Asks until somebody answers. @throws when nobody did in time */
export async function askForBoxes(address: string, port: number, timeoutMs: number): Promise<readonly string[]> {
	const socket = createSocket('udp4');
	let found: readonly string[] = [];
	socket.on('message', (reply) => {
		found = decodeInstances(reply, SERVICE);
	});
	try {
		for (const endMs = performance.now() + timeoutMs; performance.now() < endMs && found.length === 0; ) {
			socket.send(encodeQuery(SERVICE), port, address);
			await delay(QUERY_MS);
		}
	} finally {
		socket.close();
	}
	if (found.length === 0) throw new Error(`nobody answered an mDNS query for ${SERVICE} in ${timeoutMs / 1_000} s`);
	return found;
}
