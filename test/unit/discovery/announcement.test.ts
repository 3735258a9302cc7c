import { describe, expect, it } from 'vitest';
import { type AnnouncementFacts, buildAnnouncement, isReachable } from '../../../appliance/discovery/announcement.ts';

const FACTS: AnnouncementFacts = {
	name: undefined,
	machineName: 'innerloop.example.org',
	id: '00112233445566ff',
	version: '0.1.0',
	host: '0.0.0.0',
	port: 7341,
	tlsPort: undefined,
	fingerprint: undefined,
};

describe('what the box says of itself', () => {
	it('takes the machine’s name, and says no more than anybody may know', () => {
		const { name, types, txt, address } = buildAnnouncement(FACTS);
		expect({ name, types, address }).toEqual({ name: 'innerloop', types: ['_innerloop._tcp', '_http._tcp'], address: undefined });
		expect(txt).toEqual({
			txtvers: '1',
			id: '00112233445566ff',
			v: '0.1.0',
			path: '/',
			api: 'anthropic,chat-completions,responses',
			auth: 'key',
			tls: '0',
		});
	});

	it('says what it is pinned by where it has a certificate', () => {
		expect(buildAnnouncement({ ...FACTS, tlsPort: 7343, fingerprint: 'ab'.repeat(32) }).txt).toMatchObject({
			tls: '7343',
			fp: 'ab'.repeat(32),
		});
	});

	it.each([
		['a.b\n', 'a-b-'],
		['é'.repeat(40), 'é'.repeat(31)],
		['…', '…'],
		['', 'innerloop'],
	])('makes %j one label of at most 63 bytes', (name, label) => {
		expect(buildAnnouncement({ ...FACTS, name }).name).toBe(label);
	});

	it.each([
		['pi', 'innerloop-pi'],
		['innerloop', 'innerloop-box'],
		['innerloop-2', 'innerloop-2'],
		['Ünïcode host', 'innerloop-n-code-host'],
	])('never takes the host name of %s itself', (machineName, label) => {
		expect(buildAnnouncement({ ...FACTS, machineName }).hostLabel).toBe(label);
	});

	it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is not announced while it listens on %s alone', (host) => {
		expect(isReachable(host)).toBe(false);
	});

	it('names the one address it listens on', () => {
		expect(isReachable('192.168.1.5')).toBe(true);
		expect(buildAnnouncement({ ...FACTS, host: '192.168.1.5' }).address).toBe('192.168.1.5');
	});
});
