/** CPace against the vectors of its draft (draft-irtf-cfrg-cpace-21, appendix B.3), and what it must refuse. */

import { describe, expect, it } from 'vitest';
import { drawScalar, generatorOf, generatorString, sessionKey, shareOf } from '../../../appliance/pairing/cpace.ts';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const show = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
/** Scalars stand in the draft in little endian. */
const scalar = (text: string): bigint => BigInt(`0x${hex(text).reverse().toString('hex')}`);

const INPUT = {
	secret: 'Password',
	channel: hex('0b415f696e69746961746f720b425f726573706f6e646572'),
	sessionId: hex('7e4b4791d6a8ef019b936c79fb7f2c57'),
};
const YA = 'd6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157';
const YB = '3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258';
const ya = scalar('da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08');
const yb = scalar('d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d');
const A = { point: hex(YA), note: Buffer.from('ADa') };
const B = { point: hex(YB), note: Buffer.from('ADb') };

describe('the vectors of the draft', () => {
	it('has the generator', () => {
		expect(generatorString(INPUT).length).toBe(170);
		expect(show(generatorOf(INPUT).toBytes())).toBe('222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56');
	});
	it('has both messages', () => {
		expect([show(shareOf(INPUT, ya)), show(shareOf(INPUT, yb))]).toEqual([YA, YB]);
	});
	it('has the same key on both sides', () => {
		const key =
			'b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447';
		expect(show(sessionKey(ya, B.point, INPUT.sessionId, A, B))).toBe(key);
		expect(show(sessionKey(yb, A.point, INPUT.sessionId, A, B))).toBe(key);
	});
	it.each([
		['no point', '2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c'],
		['the neutral point', '00'.repeat(32)],
		['too short', '00'],
	])('ends at a message that is %s', (_, point) => {
		expect(sessionKey(ya, hex(point), INPUT.sessionId, A, B)).toBeUndefined();
	});
});

describe('two sides that do not agree', () => {
	const run = (over: Partial<typeof INPUT>) => {
		const [a, b] = [drawScalar(), drawScalar()];
		const other = { ...INPUT, ...over };
		const [client, box] = [
			{ point: shareOf(INPUT, a), note: Buffer.from('a') },
			{ point: shareOf(other, b), note: Buffer.from('b') },
		];
		const one = sessionKey(a, box.point, INPUT.sessionId, client, box);
		return [show(one), show(sessionKey(b, client.point, other.sessionId, client, box))];
	};
	it('come to one key with the same code and channel, another at each run', () => {
		const [one, other] = run({});
		expect(one).toBe(other);
		expect(run({})[0]).not.toBe(one);
	});
	it.each([
		['code', { secret: 'passworD' }],
		['channel', { channel: Buffer.from('another certificate') }],
		['session', { sessionId: Buffer.alloc(16) }],
	])('come to different keys with another %s', (_, over) => {
		const [one, other] = run(over);
		expect(one).not.toBe(other);
	});
});
