/** The claim code against guessing: its window, its tries, its waits, and what a start of the device does. */

import { describe, expect, it } from 'vitest';
import type { ClaimRow } from '../../../appliance/protocol/access-store.ts';
import { ClaimDesk, type ShownCode } from '../../../appliance/server/access/claim-desk.ts';

function createScene(preset?: string) {
	let row: ClaimRow | undefined;
	let nowMs = 1_000;
	const shown: (ShownCode | undefined)[] = [];
	const store = {
		claim: () => row,
		setClaim: async (next: ClaimRow) => {
			row = next;
		},
	};
	const clock = { nowMs: () => nowMs, wallMs: () => 1_800_000_000_000 + nowMs };
	const options = { store, clock, windowMs: () => 1_800_000, preset, show: async (code: ShownCode | undefined) => void shown.push(code) };
	return { shown, start: () => new ClaimDesk(options), wait: (ms: number) => (nowMs += ms) };
}

const wrong = (desk: ClaimDesk) => desk.check('0000-0000').catch((error: unknown) => error);

describe('the claim code', () => {
	it('is void after ten wrong ones, each of which makes the next wait twice as long', async () => {
		const scene = createScene();
		const desk = scene.start();
		await desk.begin();
		const waits: number[] = [];
		for (let n = 0; n < 10; n += 1) {
			expect(await wrong(desk)).toMatchObject({ code: 'forbidden' });
			const refusal = await desk.check(desk.shown()?.code ?? '').catch((error: { retryAfterSeconds?: number }) => error);
			if (n < 9) waits.push(refusal?.retryAfterSeconds ?? 0);
			scene.wait(1_000 * 2 ** n);
		}
		expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
		expect(desk.state()).toBe('locked');
		expect(scene.shown.at(-1)).toBeUndefined();
		expect(await wrong(desk)).toMatchObject({ message: expect.stringContaining('Start the device anew') });
	});

	it('is another one after a start, once somebody has guessed at it', async () => {
		const scene = createScene();
		const desk = scene.start();
		await desk.begin();
		const first = desk.shown()?.code;
		const same = scene.start();
		await same.begin();
		expect(same.shown()?.code).toBe(first);
		await wrong(same);
		const next = scene.start();
		await next.begin();
		expect(next.state()).toBe('open');
		expect(next.shown()?.code).not.toBe(first);
	});

	it('is taken for half an hour, however right it is', async () => {
		const scene = createScene('hand-written 7');
		const desk = scene.start();
		await desk.begin();
		await desk.check('HANDWRITTEN7');
		scene.wait(1_800_000);
		expect(desk.state()).toBe('closed');
		expect(desk.code()).toBeUndefined();
		await expect(desk.check('HANDWRITTEN7')).rejects.toMatchObject({ code: 'forbidden' });
	});

	it('serves once: afterwards only the device itself opens a window', async () => {
		const scene = createScene();
		const desk = scene.start();
		await desk.begin();
		const code = desk.shown()?.code ?? '';
		await desk.done();
		const next = scene.start();
		await next.begin();
		expect(next.state()).toBe('claimed');
		await expect(next.check(code)).rejects.toMatchObject({ code: 'forbidden' });
		const renewed = await next.renew();
		expect(renewed).toMatchObject({ isReset: true });
		expect(renewed.code).not.toBe(code);
		await next.check(renewed.code);
	});
});
