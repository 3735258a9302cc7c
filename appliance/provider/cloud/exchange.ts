/** One request and its reply on the wire: undici's callbacks as a promise of the head and an iterable body with back-pressure. */

import type { Dispatcher } from 'undici';
import type { UpstreamReply } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { headersForCaller } from './header-rules.ts';

/** Reading from the upstream pauses while more than this waits for a slow caller. */
const HIGH_WATER_BYTES = 256 * 1024;

/** Pieces that came together go on together up to this size: each costs a turn, a frame and an entry of the write. */
const JOINED_BYTES = 16_384;

type Controller = Dispatcher.DispatchController;

/**
 * Undici's lowest door, because only it says whether the request ever went out (`hasSent`): what an upstream
 * never saw is not billed. The body throws a Problem when the reply is cut.
 */
export class Exchange implements Dispatcher.DispatchHandler, AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
	readonly head: Promise<UpstreamReply>;
	hasSent = false;
	private readonly wrap: (error: unknown) => Problem;
	private settleHead!: { resolve(reply: UpstreamReply): void; reject(problem: Problem): void };
	private controller: Controller | undefined;
	private canceled: { readonly reason: unknown } | undefined;
	private readonly queue: Uint8Array[] = [];
	private queuedBytes = 0;
	private end: { readonly problem: Problem | undefined } | undefined;
	private waiting: { resolve(result: IteratorResult<Uint8Array>): void; reject(problem: Problem): void } | undefined;

	constructor(wrap: (error: unknown, hasSent: boolean) => Problem) {
		this.wrap = (error) => wrap(error, this.hasSent);
		this.head = new Promise((resolve, reject) => {
			this.settleHead = { resolve, reject };
		});
	}

	/** Gives the exchange up, before or after the reply began. */
	cancel(reason: unknown): void {
		if (this.end !== undefined) return;
		this.canceled = { reason };
		this.fail(reason);
		this.controller?.abort(reason instanceof Error ? reason : new Error(String(reason)));
	}

	onRequestStart(controller: Controller): void {
		this.controller = controller;
		if (this.canceled !== undefined) controller.abort(new Error('canceled before it was sent'));
	}

	onBodySent(): void {
		this.hasSent = true;
	}

	onRequestSent(): void {
		this.hasSent = true;
	}

	onResponseStart(_: Controller, status: number, headers: Record<string, string | string[] | undefined>): void {
		if (status < 200) return;
		this.settleHead.resolve({ status, headers: headersForCaller(headers), body: this });
	}

	onResponseData(controller: Controller, chunk: Uint8Array): void {
		if (this.waiting !== undefined) {
			this.waiting.resolve({ done: false, value: chunk });
			this.waiting = undefined;
			return;
		}
		this.queue.push(chunk);
		this.queuedBytes += chunk.length;
		if (this.queuedBytes > HIGH_WATER_BYTES) controller.pause();
	}

	onResponseEnd(): void {
		this.finish(undefined);
	}

	onResponseError(_: Controller, error: unknown): void {
		this.fail(error);
	}

	[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
		return this;
	}

	next(): Promise<IteratorResult<Uint8Array>> {
		const chunk = this.take();
		if (chunk !== undefined) {
			this.queuedBytes -= chunk.length;
			if (this.queuedBytes <= HIGH_WATER_BYTES && this.controller?.paused) this.controller.resume();
			return Promise.resolve({ done: false, value: chunk });
		}
		if (this.end?.problem !== undefined) return Promise.reject(this.end.problem);
		if (this.end !== undefined) return Promise.resolve({ done: true, value: undefined });
		return new Promise((resolve, reject) => {
			this.waiting = { resolve, reject };
		});
	}

	/** The reader stopped early: the rest is not wanted. */
	return(): Promise<IteratorResult<Uint8Array>> {
		this.cancel(new Error('the rest of the reply is not wanted'));
		return Promise.resolve({ done: true, value: undefined });
	}

	/** What waits now, and nothing that would have to be waited for. */
	private take(): Uint8Array | undefined {
		const { queue } = this;
		if (queue.length < 2) return queue.shift();
		let count = 1;
		let bytes = queue[0]?.length ?? 0;
		for (let next = queue[count]; next !== undefined && bytes + next.length <= JOINED_BYTES; next = queue[count]) {
			bytes += next.length;
			count += 1;
		}
		return count === 1 ? queue.shift() : Buffer.concat(queue.splice(0, count), bytes);
	}

	private fail(error: unknown): void {
		if (this.end === undefined) this.finish(this.wrap(error));
	}

	private finish(problem: Problem | undefined): void {
		if (this.end !== undefined) return;
		this.end = { problem };
		if (problem !== undefined) this.settleHead.reject(problem);
		if (problem !== undefined) this.waiting?.reject(problem);
		else this.waiting?.resolve({ done: true, value: undefined });
		this.waiting = undefined;
	}
}
