/** Every way to announce the box, in networks of its own, as avahi, python-zeroconf and the packets themselves show it. */

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ADVERTISERS } from '../../appliance/protocol/discovery.ts';
import { installDiscoveryTools } from '../support/discovery-tools.ts';
import { LINES } from './conformance.ts';
import { type Columns, cellOf, readTable, runAdvertisers } from './table.ts';

const written = readTable(readFileSync(new URL('../../docs/discovery.md', import.meta.url), 'utf8'));

describe('multicast DNS', () => {
	let columns: Columns;

	beforeAll(async () => {
		columns = await runAdvertisers(await installDiscoveryTools());
	});

	it('has a table in docs/discovery.md with these lines and advertisers', () => {
		expect([...written.keys()]).toEqual([...LINES]);
		for (const cells of written.values()) expect(Object.keys(cells)).toEqual([...ADVERTISERS]);
	});

	describe.each(ADVERTISERS)('by %s', (advertiser) => {
		it.each(LINES)('%s: as the table says', (line) => {
			expect(cellOf(columns[advertiser], line)).toBe(written.get(line)?.[advertiser]);
		});
	});
});
