/** A process of its own: sends calls over kept-alive connections and times them. Takes a `LoadPlan`, answers with a `LoadResult`. */

import { connect } from 'node:net';
import type { DialectName } from '../../appliance/protocol/words.ts';
import { HttpReader } from '../../test/support/http-reader.ts';
import type { BodyName } from './bodies.ts';
import { bodyIn } from './dialect-bodies.ts';

export interface LoadPlan {
	/** Address of the program under test, with its path. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: BodyName;
	/** Default: Anthropic Messages. */
	readonly dialect?: DialectName;
	readonly connections: number;
	/** Ends after so many calls or so long, whichever comes first. */
	readonly calls: number;
	readonly durationMs: number;
}

export interface LoadResult {
	/** Ms from the first byte sent to the last received, in the order of completion. */
	readonly latenciesMs: readonly number[];
	/** Ms from the first byte sent to the first received that holds a delta (streams only). */
	readonly firstDeltasMs: readonly number[];
	readonly elapsedMs: number;
	/** First answer that was not 200; the run stops there. */
	readonly failure: string | undefined;
}

interface Call {
	readonly startedMs: number;
	status: string;
	firstDeltaMs: number | undefined;
	text: string;
}

class Run {
	readonly #plan: LoadPlan;
	readonly #request: Buffer;
	readonly #latencies: number[] = [];
	readonly #firstDeltas: number[] = [];
	readonly #startMs = performance.now();
	#started = 0;
	#failure: string | undefined;

	constructor(plan: LoadPlan) {
		this.#plan = plan;
		this.#request = requestBytes(plan);
	}

	async go(): Promise<LoadResult> {
		await Promise.all(Array.from({ length: this.#plan.connections }, () => this.#connection()));
		return {
			latenciesMs: this.#latencies,
			firstDeltasMs: this.#firstDeltas,
			elapsedMs: performance.now() - this.#startMs,
			failure: this.#failure,
		};
	}

	#mayStart(): boolean {
		const { calls, durationMs } = this.#plan;
		return this.#failure === undefined && this.#started < calls && performance.now() - this.#startMs < durationMs;
	}

	#connection(): Promise<void> {
		const { hostname, port } = new URL(this.#plan.url);
		return new Promise((resolve) => {
			const socket = connect(Number(port), hostname);
			socket.setNoDelay(true);
			let call: Call = newCall();
			let isUnderWay = false;
			const next = () => {
				if (!this.#mayStart()) {
					socket.end();
					return;
				}
				this.#started += 1;
				call = newCall();
				isUnderWay = true;
				socket.write(this.#request);
			};
			const reader = new HttpReader({
				head(text) {
					call.status = text.slice(9, 12);
				},
				body: (piece) => this.#read(call, piece),
				end: () => {
					isUnderWay = false;
					this.#finish(call);
					next();
				},
			});
			socket.once('connect', next);
			socket.on('data', (bytes) => reader.push(bytes as Buffer));
			socket.once('error', (error) => this.#fail(String(error)));
			socket.once('close', () => {
				if (isUnderWay) this.#fail('the connection was closed before the answer ended');
				resolve();
			});
		});
	}

	#read(call: Call, piece: Buffer): void {
		if (call.status !== '200') call.text += piece.toString('utf8');
		else if (call.firstDeltaMs === undefined && piece.includes('content_block_delta'))
			call.firstDeltaMs = performance.now() - call.startedMs;
	}

	#finish(call: Call): void {
		if (call.status !== '200') {
			this.#fail(`${call.status} ${call.text.slice(0, 500)}`);
			return;
		}
		this.#latencies.push(performance.now() - call.startedMs);
		if (call.firstDeltaMs !== undefined) this.#firstDeltas.push(call.firstDeltaMs);
	}

	#fail(text: string): void {
		this.#failure ??= text;
	}
}

function newCall(): Call {
	return { startedMs: performance.now(), status: '', firstDeltaMs: undefined, text: '' };
}

function requestBytes({ url, headers, body, dialect = 'anthropic' }: LoadPlan): Buffer {
	const { host, pathname, search } = new URL(url);
	const content = bodyIn(dialect, body);
	const lines = [
		`POST ${pathname}${search} HTTP/1.1`,
		`host: ${host}`,
		'content-type: application/json',
		'anthropic-version: 2023-06-01',
		`content-length: ${content.length}`,
		...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
	];
	return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
}

process.on('message', (plan: LoadPlan) => {
	void new Run(plan).go().then((result) => process.send?.(result));
});
process.once('disconnect', () => process.exit());
