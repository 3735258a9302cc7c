import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DnsRecord, decodeMessage, encodeMessage, TYPE } from '../../../appliance/discovery/dns-message.ts';

const label = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => Buffer.byteLength(text) <= 63 && text.isWellFormed());
const name = fc.array(label, { maxLength: 5 });
const data = fc.oneof(
	fc.ipV4().map((address) => ({ type: TYPE.A, address })),
	fc.ipV6().map((address) => ({ type: TYPE.AAAA, address: new URL(`http://[${address}]`).hostname.slice(1, -1) })),
	name.map((target) => ({ type: TYPE.PTR, target })),
	fc.tuple(fc.nat(65_535), name).map(([port, target]) => ({ type: TYPE.SRV, port, target })),
	fc.array(label, { minLength: 1, maxLength: 4 }).map((entries) => ({ type: TYPE.TXT, entries })),
);
const record: fc.Arbitrary<DnsRecord> = fc.record({ name, ttlSeconds: fc.nat(0x7fffffff), isUnique: fc.boolean(), data });
const message = fc.record({
	id: fc.nat(65_535),
	isResponse: fc.boolean(),
	questions: fc.array(fc.record({ name, type: fc.constantFrom(...Object.values(TYPE)), isUnicast: fc.boolean() }), { maxLength: 3 }),
	answers: fc.array(record, { maxLength: 4 }),
	authorities: fc.array(record, { maxLength: 2 }),
	additionals: fc.array(record, { maxLength: 4 }),
});

describe('messages of multicast DNS', () => {
	it('come out of their bytes as they went in, names pointing to each other or not', () => {
		fc.assert(
			fc.property(message, (one) => {
				expect(decodeMessage(encodeMessage(one))).toEqual(one);
			}),
		);
	});

	it('are never read beyond their end, and never turn in circles', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				expect(() => decodeMessage(Buffer.from(bytes))).not.toThrow();
			}),
		);
		const circle = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]);
		expect(decodeMessage(circle)).toBeUndefined();
	});

	it('write a name once and point to it', () => {
		const answers: DnsRecord[] = [
			{ name: ['a', 'local'], ttlSeconds: 1, isUnique: true, data: { type: TYPE.PTR, target: ['b', 'local'] } },
		];
		expect(encodeMessage({ isResponse: true, answers }).toString('latin1').split('local')).toHaveLength(2);
	});
});
