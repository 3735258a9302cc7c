/** What an upstream sent in one go reaches the reader in few pieces, every byte once and in order. */

import type { Dispatcher } from 'undici';
import { expect, it } from 'vitest';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { Exchange } from '../../../appliance/provider/cloud/exchange.ts';

class Wire {
	paused = false;
	pause(): void {
		this.paused = true;
	}
	resume(): void {
		this.paused = false;
	}
	abort(): void {}
}

function open() {
	const exchange = new Exchange((error) => new Problem('upstream-failed', String(error)));
	const wire = new Wire();
	const controller = wire as unknown as Dispatcher.DispatchController;
	exchange.onRequestStart(controller);
	exchange.onResponseStart(controller, 200, {});
	const send = (...sizes: readonly number[]) =>
		sizes.map((size, index) => {
			const piece = Buffer.alloc(size, index + 1);
			exchange.onResponseData(controller, piece);
			return piece;
		});
	const next = async () => {
		const { done, value } = await exchange.next();
		return done === true ? undefined : Buffer.from(value);
	};
	return { exchange, wire, send, next };
}

it('joins small pieces that wait, up to a size', async () => {
	const { exchange, send, next } = open();
	const pieces = send(100, 200, 300);
	expect(await next()).toEqual(Buffer.concat(pieces));
	const many = send(...Array.from({ length: 40 }, () => 1_000), 70_000, 5);
	exchange.onResponseEnd();
	const read: Buffer[] = [];
	for (let piece = await next(); piece !== undefined; piece = await next()) read.push(piece);
	expect(read.map(({ length }) => length)).toEqual([16_000, 16_000, 8_000, 70_000, 5]);
	expect(Buffer.concat(read)).toEqual(Buffer.concat(many));
});

it('gives a piece that is waited for at once', async () => {
	const { send, next } = open();
	const waiting = next();
	const [piece] = send(10, 20);
	expect(await waiting).toEqual(piece);
});

it('stops reading while much waits, and goes on when it is taken', async () => {
	const { wire, send, next } = open();
	send(200_000, 100_000);
	expect(wire.paused).toBe(true);
	expect((await next())?.length).toBe(200_000);
	expect(wire.paused).toBe(false);
	expect((await next())?.length).toBe(100_000);
});

it('tells of the break behind what came before it', async () => {
	const { exchange, send, next } = open();
	send(1, 2);
	exchange.onResponseError(undefined as unknown as Dispatcher.DispatchController, new Error('cut'));
	expect((await next())?.length).toBe(3);
	await expect(next()).rejects.toThrow('cut');
});
