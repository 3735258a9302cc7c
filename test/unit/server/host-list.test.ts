import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../../appliance/server/plugins/host-list.ts';

describe('isAllowedHost', () => {
	it.each([
		'127.0.0.1',
		'127.0.0.1:7341',
		'10.1.2.3:80',
		'[::1]:7341',
		'[fe80::1]',
		'localhost',
		'LOCALHOST:1',
		'localhost.',
		'innerloop.local',
		'Pi-5.local:7341',
		'box.example.com:7341',
		'a.team.example',
	])('answers to %s', (host) => {
		expect(isAllowedHost(host, ['box.example.com', '.team.example'])).toBe(true);
	});

	it.each([
		'',
		'evil.example',
		'box.example.com.evil.example',
		'local',
		'a.b.local.evil.example',
		'evil.example#.local',
		'user@localhost',
		'127.0.0.1.nip.io',
		'localhost:port',
		'team.example',
		'[::1',
		'a b.local',
	])('does not answer to %j', (host) => {
		expect(isAllowedHost(host, ['box.example.com', '.team.example'])).toBe(false);
	});
});
