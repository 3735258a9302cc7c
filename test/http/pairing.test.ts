/** Pairing over real TLS: who knows the code gets a key and the box's authority; nobody else gets anything, a test of the code least of all. */

import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelOf, decode, encode, NOTES } from '../../appliance/pairing/channel.ts';
import { pairWithBox } from '../../appliance/pairing/client-end.ts';
import { drawScalar, sessionKey, shareOf } from '../../appliance/pairing/cpace.ts';
import type { PairingStarted } from '../../appliance/pairing/messages.ts';
import { sideKeys } from '../../appliance/pairing/seal.ts';
import type { AuditReport, NewPairingCodeReport } from '../../appliance/protocol/access.ts';
import type { KeysReport } from '../../appliance/protocol/admin.ts';
import { type FalseBox, startFalseBox } from './support/false-box.ts';
import { send } from './support/raw-client.ts';
import { admin, startBox, type TestBox } from './support/start-box.ts';

const PASSWORD = 'plinth otter 91 gauze';
const WISH = { client: 'ada-laptop' };
let box: TestBox;

beforeEach(async () => {
	box = await startBox({ config: { server: { port: 0, tls: { mode: 'on', port: 0 } } } });
});
afterEach(() => box[Symbol.asyncDispose]());

const claimCode = () => box.service.claim?.code ?? '';
const memberCode = async (minutes = 60): Promise<NewPairingCodeReport> => {
	await admin(box.url, box.key, 'POST', '/members', { name: 'ada' });
	const { status, json } = await admin(box.url, box.key, 'POST', '/pairing/codes', { member: 'ada', minutes });
	expect(status).toBe(201);
	return json as NewPairingCodeReport;
};
const wrongFor = (code: string) => code.slice(0, -1) + (code.endsWith('A') ? 'B' : 'A');
/** The certificate is not looked at: whoever attacks does not care. */
const post = (path: string, body: unknown, url = box.secureUrl) =>
	send(`${url}/innerloop/v1/pairing/${path}`, {
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
		isAnyCertificate: true,
	});

describe('who knows the code', () => {
	it('gets a key of their own and the authority of the very box', async () => {
		const { code } = await memberCode();
		const paired = await pairWithBox(box.secureUrl, code.toLowerCase(), WISH);
		expect(paired).toMatchObject({ member: { name: 'ada' }, role: 'member', addresses: expect.arrayContaining([box.secureUrl]) });
		const headers = { authorization: `Bearer ${paired.key.secret}` };
		// The authority is all that the client trusts, and the chain is checked.
		const calls = await send(`${box.secureUrl}/innerloop/v1/calls`, { method: 'GET', headers, ca: paired.authority ?? '' });
		expect(calls.status).toBe(200);
		expect((await send(`${box.secureUrl}/innerloop/v1/members`, { method: 'GET', headers, ca: paired.authority ?? '' })).status).toBe(403);
	});

	it('claims the box with the claim code and a password', async () => {
		const paired = await pairWithBox(box.secureUrl, claimCode(), { ...WISH, password: PASSWORD });
		expect(paired.role).toBe('owner');
		expect((await admin(box.url, paired.key.secret, 'GET', '/members')).status).toBe(200);
		const { json } = await admin(box.url, paired.key.secret, 'GET', '/audit');
		expect((json as AuditReport).entries[0]).toMatchObject({ action: 'POST pairing/finish', who: 'owner', status: 200 });
		expect(JSON.stringify(json)).not.toContain(PASSWORD);
	});

	it('hears under the seal why the box refuses, and the code is still good', async () => {
		const refusal = pairWithBox(box.secureUrl, claimCode(), { ...WISH, password: 'password' });
		await expect(refusal).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('not taken') });
		await expect(pairWithBox(box.secureUrl, claimCode(), WISH)).rejects.toMatchObject({ code: 'refused' });
		expect((await pairWithBox(box.secureUrl, claimCode(), { ...WISH, password: PASSWORD })).role).toBe('owner');
	});

	it('uses it once, and in its time', async () => {
		const { code, slot } = await memberCode();
		await pairWithBox(box.secureUrl, code, WISH);
		await expect(pairWithBox(box.secureUrl, code, WISH)).rejects.toMatchObject({ code: 'wrong-code' });
		const second = await admin(box.url, box.key, 'POST', '/pairing/codes', { member: 'ada' });
		const taken = (second.json as NewPairingCodeReport).slot;
		expect((await admin(box.url, box.key, 'DELETE', `/pairing/codes/${taken}`)).status).toBe(204);
		await expect(pairWithBox(box.secureUrl, (second.json as NewPairingCodeReport).code, WISH)).rejects.toMatchObject({
			code: 'wrong-code',
		});
		expect(taken).not.toBe(slot);
	});
});

describe('who does not', () => {
	it('has five tries at a member’s code, and then it is void', async () => {
		const { code } = await memberCode();
		for (let n = 0; n < 5; n += 1)
			await expect(pairWithBox(box.secureUrl, wrongFor(code), WISH)).rejects.toMatchObject({ code: 'wrong-code' });
		await expect(pairWithBox(box.secureUrl, code, WISH)).rejects.toMatchObject({ code: expect.stringMatching(/wrong-code|refused/) });
	});

	it('waits after a wrong claim code, also with runs begun before', async () => {
		await expect(pairWithBox(box.secureUrl, wrongFor(claimCode()), { ...WISH, password: PASSWORD })).rejects.toMatchObject({
			code: 'wrong-code',
		});
		await expect(pairWithBox(box.secureUrl, claimCode(), { ...WISH, password: PASSWORD })).rejects.toMatchObject({ code: 'refused' });
		const body = { pairing: encode(Buffer.alloc(16)), proof: encode(Buffer.alloc(32)), sealed: encode(Buffer.alloc(64)) };
		expect((await post('finish', body)).status).toBe(403);
	});

	it('cannot replay what was overheard', async () => {
		const { code } = await memberCode();
		await using between = await startFalseBox(box.secureUrl);
		await expect(pairWithBox(between.url, code, WISH)).rejects.toThrow();
		const finish = between.seen.find((text) => text.includes('"sealed"')) ?? '';
		expect(finish).not.toBe('');
		expect((await post('finish', JSON.parse(finish))).status).toBe(403);
	});
});

describe('a false box in the middle', () => {
	const attempt = async (between: FalseBox) => {
		const { code } = await memberCode();
		const failure = await pairWithBox(between.url, code, { ...WISH, password: PASSWORD }).catch((error: unknown) => error);
		expect(failure).toMatchObject({ code: expect.stringMatching(/wrong-code|not-the-box/) });
		// The box made no key either: nobody proved anything to it.
		const { json } = await admin(box.url, box.key, 'GET', '/keys');
		expect((json as KeysReport).keys.filter(({ memberName }) => memberName === 'ada')).toEqual([]);
		return between.seen.join('\n');
	};

	it('gains nothing by passing everything on', async () => {
		await using between = await startFalseBox(box.secureUrl);
		const text = await attempt(between);
		// No key either, which has 43 characters behind its mark: three letters alone may stand in any proof.
		expect(text).not.toMatch(/il_[A-Za-z0-9_-]{20}/);
		for (const secret of [PASSWORD, 'ada-laptop']) expect(text).not.toContain(secret);
	});

	it('gains nothing by a point of its own', async () => {
		await using between = await startFalseBox(box.secureUrl, (path, body) => {
			if (!path.endsWith('/start')) return body;
			const share = encode(shareOf({ secret: 'GUESS', channel: Buffer.alloc(0), sessionId: Buffer.alloc(16) }, drawScalar()));
			return JSON.stringify({ ...(JSON.parse(body) as PairingStarted), share });
		});
		expect(await attempt(between)).not.toContain(PASSWORD);
	});

	it('is not spoken to in the clear, and nothing is sent', async () => {
		await expect(pairWithBox(box.url, claimCode(), { ...WISH, password: PASSWORD })).rejects.toMatchObject({ code: 'no-tls' });
		const plain = await send(`${box.url}/innerloop/v1/pairing/start`, {
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ version: 1, sessionId: encode(Buffer.alloc(16)), share: encode(Buffer.alloc(32)) }),
		});
		expect(plain.status).toBe(403);
	});

	it('cannot test codes on what it recorded: with the right one, too, another channel gives another proof', async () => {
		const { code } = await memberCode();
		await using between = await startFalseBox(box.secureUrl);
		await pairWithBox(between.url, code, WISH).catch(() => undefined);
		const [begin, started, finish] = between.seen
			.filter((text) => text.includes('share') || text.includes('proof'))
			.map((text) => JSON.parse(text));
		const secret = code.slice(3).replace('-', '');
		// What an attacker can compute for a guess: the generator. Both scalars stay unknown, so no key follows, right guess or wrong.
		const channel = channelOf(new X509Certificate(await certificateOf(between.url)).raw);
		const proofs = [secret, 'WRONG123'].map((guess) => {
			const scalar = drawScalar();
			const input = { secret: guess, channel, sessionId: decode(begin.sessionId) };
			const client = { point: decode(begin.share), note: NOTES.client };
			const mine = { point: shareOf(input, scalar), note: NOTES.box };
			const key = sessionKey(scalar, client.point, input.sessionId, client, mine) ?? Buffer.alloc(0);
			return encode(sideKeys(key, 'client').proof);
		});
		expect(proofs).not.toContain(finish.proof);
		expect(started.share).not.toBe(begin.share);
	});
});

async function certificateOf(url: string): Promise<string> {
	const { connect } = await import('node:tls');
	const { hostname, port } = new URL(url);
	return await new Promise((resolve, reject) => {
		const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
			resolve(socket.getPeerX509Certificate()?.toString() ?? '');
			socket.destroy();
		});
		socket.on('error', reject);
	});
}
