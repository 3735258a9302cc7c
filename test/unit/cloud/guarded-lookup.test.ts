/** What a provider's name may resolve to: the attack is a name that leads the box into its own network. */

import { describe, expect, it } from 'vitest';
import { guardedLookup, isPrivateName, kindOfAddress } from '../../../appliance/provider/guarded-lookup.ts';

const ask = (allowsPrivate: boolean, host: string, ...found: string[]): Promise<string> =>
	new Promise((resolve) => {
		const answers = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
		const look = guardedLookup(allowsPrivate, (_host, _options, done) => done(null, answers));
		look(host, { all: true }, (error, addresses) =>
			resolve(error === null ? (addresses as { address: string }[]).map(({ address }) => address).join(' ') : `refused: ${error.message}`),
		);
	});

describe('addresses', () => {
	it.each([
		['169.254.169.254', 'forbidden'],
		['::ffff:169.254.169.254', 'forbidden'],
		['::ffff:a9fe:a9fe', 'forbidden'],
		['64:ff9b::a9fe:a9fe', 'forbidden'],
		['fe80::1%eth0', 'forbidden'],
		['fd00:ec2::254', 'forbidden'],
		['100.100.100.200', 'forbidden'],
		['127.0.0.1', 'private'],
		['0.0.0.0', 'private'],
		['10.1.2.3', 'private'],
		['172.31.0.1', 'private'],
		['192.168.1.1', 'private'],
		['::1', 'private'],
		['::', 'private'],
		['fd12::1', 'private'],
		['::ffff:10.0.0.1', 'private'],
		['172.32.0.1', 'public'],
		['160.79.104.10', 'public'],
		['2607:6bc0::10', 'public'],
	])('%s is %s', (address, kind) => {
		expect(kindOfAddress(address)).toBe(kind);
	});
});

describe('a name', () => {
	it('leads to what is public', async () => {
		expect(await ask(false, 'api.example.com', '160.79.104.10')).toBe('160.79.104.10');
	});
	it('is refused as a whole where one of its addresses is private, unless the operator says so', async () => {
		expect(await ask(false, 'api.example.com', '160.79.104.10', '127.0.0.1')).toMatch(/^refused/);
		expect(await ask(true, 'api.example.com', '10.0.0.5')).toBe('10.0.0.5');
	});
	it('never leads to metadata or link-local addresses, whoever says so', async () => {
		expect(await ask(true, 'api.example.com', '160.79.104.10', '169.254.169.254')).toMatch(/^refused/);
		expect(await ask(true, 'model.local', 'fe80::1')).toMatch(/^refused/);
	});
	it.each([
		['vllm', true],
		['model.local', true],
		['gpu.lan', true],
		['api.example.com', false],
		['local.example.com', false],
	])('%s means a private network by itself: %s', (name, is) => {
		expect(isPrivateName(name)).toBe(is);
	});
});
