/** Builds what the box says of itself on the network, from facts: pure, and never a secret. */

import type { Announcement } from '../protocol/discovery.ts';

const TYPES = ['_innerloop._tcp', '_http._tcp'];

/** Longest DNS label, in bytes (RFC 1035, 2.3.4). */
const LABEL_BYTES = 63;
/** The port through which a page of this machine alone is served says nothing to others. */
const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

export interface AnnouncementFacts {
	/** As configured; undefined takes the machine's name. */
	readonly name: string | undefined;
	readonly machineName: string;
	/** Stable from start to start. */
	readonly id: string;
	readonly version: string;
	/** Address that the service was told to listen on. */
	readonly host: string;
	readonly port: number;
	/** Port that speaks TLS, which may be another; undefined for none. */
	readonly tlsPort: number | undefined;
	/** SHA-256 of what the box is pinned by; undefined without TLS. */
	readonly fingerprint: string | undefined;
}

/** Whether others could reach what is announced. */
export function isReachable(host: string): boolean {
	return !LOOPBACK.test(host);
}

export function buildAnnouncement(facts: AnnouncementFacts): Announcement {
	const name = label(facts.name ?? nameOfMachine(facts.machineName));
	const isAny = facts.host === '0.0.0.0' || facts.host === '::';
	return {
		name,
		hostLabel: hostLabelOf(facts.machineName),
		types: TYPES,
		port: facts.port,
		address: isAny ? undefined : facts.host,
		txt: {
			txtvers: '1',
			id: facts.id,
			v: facts.version,
			path: '/',
			api: 'anthropic,chat-completions,responses',
			auth: 'key',
			tls: String(facts.tlsPort ?? 0),
			...(facts.fingerprint !== undefined && { fp: facts.fingerprint }),
		},
	};
}

function nameOfMachine(machineName: string): string {
	const first = machineName.split('.')[0] ?? '';
	return first === '' || first === 'localhost' ? 'innerloop' : first;
}

/**
 * The machine's own name belongs to whoever else announces it (avahi, started later): the box takes one beside it, so
 * that the two never fight over a record.
 */
export function hostLabelOf(machineName: string): string {
	const own = nameOfMachine(machineName)
		.toLowerCase()
		.replace(/[^a-z0-9-]+/g, '-')
		.replace(/^-+|-+$/g, '');
	const cut = own.slice(0, 50);
	return cut === '' || cut === 'innerloop' ? 'innerloop-box' : `innerloop-${cut.replace(/^innerloop-/, '')}`;
}

/** One label: dots and control characters would end or break it, and it is cut between characters, not inside one. */
function label(text: string): string {
	const clean = text.replace(/[.\p{Cc}]+/gu, '-').trim();
	let cut = '';
	for (const character of clean) {
		if (Buffer.byteLength(cut + character) > LABEL_BYTES) break;
		cut += character;
	}
	return cut === '' ? 'innerloop' : cut;
}
