/** An HTTP server that plays a model vendor: scripted answers on a real wire, everything that arrives recorded, its own bill. */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Bill, type BilledTokens, type ChargeLine, type ListPrice } from './bill.ts';
import { type Generation, generate, PromptCache, promptSegments } from './generation.ts';
import type { Answer, JsonObject, Refusal, Script, Turn } from './script.ts';

/** One request as it came in. */
export interface Arrival {
	readonly method: string;
	/** Path with query. */
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
	/** Monotonic ms of the complete request. */
	readonly atMs: number;
	/** Monotonic ms at which the caller went away before the answer's end; undefined when it stayed. */
	abortedAtMs: number | undefined;
	/** Stream events that were written. */
	eventCount: number;
}

/** One stream event as wire text, and the output tokens that it carries. */
export interface WireEvent {
	readonly text: string;
	readonly outputTokens: number;
}

/** How one vendor writes. */
export interface Wire {
	readonly generatePath: string;
	readTurn(body: JsonObject, headers: IncomingHttpHeaders, index: number): Turn;
	cacheLife(body: JsonObject): 'none' | '5m' | '1h';
	events(generation: Generation, body: JsonObject): readonly WireEvent[];
	whole(generation: Generation): string;
	error(status: number, message: string): string;
	errorEvent(): string;
	readonly headers: Readonly<Record<string, string>>;
	/** Other paths: `undefined` is not found. */
	other(method: string, path: string, body: JsonObject): string | undefined;
}

export interface StandInOptions {
	readonly script: Script;
	/** List price by model id; others cost `DEFAULT_PRICE`. */
	readonly prices?: Readonly<Record<string, ListPrice>>;
	/** Port on loopback; default any free one. */
	readonly port?: number;
}

export interface StandIn {
	/** `http://127.0.0.1:PORT`, without a path. */
	readonly url: string;
	readonly arrivals: readonly Arrival[];
	readonly bill: Bill;
	/** Arrivals of generating calls alone. */
	readonly calls: readonly Arrival[];
	/** Answers later calls by another script. */
	setScript(script: Script): void;
	close(): Promise<void>;
}

const isRefusal = (answer: Answer | Refusal): answer is Refusal => 'status' in answer;

async function readBody(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

function parseObject(body: Buffer): JsonObject {
	if (body.length === 0) return {};
	return JSON.parse(body.toString('utf8')) as JsonObject;
}

class Session {
	readonly #wires: readonly [Wire, ...Wire[]];
	readonly #cache = new PromptCache();
	script: Script;
	readonly bill: Bill;
	readonly arrivals: Arrival[] = [];
	readonly calls: Arrival[] = [];

	constructor(wires: readonly [Wire, ...Wire[]], options: StandInOptions) {
		this.#wires = wires;
		this.script = options.script;
		this.bill = new Bill(options.prices);
	}

	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = request.url ?? '/';
		const method = request.method ?? 'GET';
		const body = await readBody(request);
		const arrival: Arrival = {
			method,
			path,
			headers: request.headers,
			body,
			atMs: performance.now(),
			abortedAtMs: undefined,
			eventCount: 0,
		};
		this.arrivals.push(arrival);
		const gone = new AbortController();
		response.on('close', () => {
			if (response.writableFinished) return;
			arrival.abortedAtMs = performance.now();
			gone.abort();
		});
		const [name] = path.split('?');
		const wire = this.#wires.find(({ generatePath }) => generatePath === name);
		if (method === 'POST' && wire !== undefined) {
			this.calls.push(arrival);
			await this.#generate(wire, arrival, response, gone.signal);
			return;
		}
		// What makes a client that asks for a WebSocket go on without one.
		if (request.headers.upgrade !== undefined) return this.#write(response, 426, { connection: 'close' }, '{}');
		const fields = parseObject(body);
		const other = this.#wires.map((one) => one.other(method, path, fields)).find((text) => text !== undefined);
		this.#write(response, other === undefined ? 404 : 200, {}, other ?? this.#wires[0].error(404, `no such path: ${method} ${path}`));
	}

	#write(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
		response.writeHead(status, { 'content-type': 'application/json', ...this.#wires[0].headers, ...headers });
		response.end(body);
	}

	async #generate(wire: Wire, arrival: Arrival, response: ServerResponse, gone: AbortSignal): Promise<void> {
		const body = parseObject(arrival.body);
		const turn = wire.readTurn(body, arrival.headers, this.calls.length - 1);
		const answer = await this.script(turn);
		if (isRefusal(answer)) {
			this.#write(response, answer.status, answer.headers ?? {}, answer.body ?? wire.error(answer.status, 'scripted refusal'));
			return;
		}
		const input = this.#cache.count(turn.model, promptSegments(body), wire.cacheLife(body));
		const generation = generate(answer, turn, String(this.calls.length).padStart(6, '0'), input);
		const line = this.bill.open(turn.model, inputOf(generation.tokens));
		const isDone = await this.#deliver({ wire, answer, generation, turn, body, response, gone, line, arrival });
		if (gone.aborted) line.close('aborted');
		else line.close(isDone ? 'complete' : 'cut');
	}

	/** True when the whole answer was written. */
	async #deliver(call: Delivery): Promise<boolean> {
		const { answer, response, gone } = call;
		if (answer.firstByteMs !== undefined) await delay(answer.firstByteMs, undefined, { signal: gone }).catch(() => undefined);
		if (answer.hangAfterEvents === -1) await untilGone(gone);
		if (gone.aborted) return false;
		if (call.turn.isStream) return this.#stream(call);
		call.line.addOutput(call.generation.tokens.outputTokens);
		if (answer.cutAfterEvents !== undefined) return this.#cutWhole(call);
		this.#write(response, 200, {}, call.wire.whole(call.generation));
		return true;
	}

	/** A body shorter than its announced length, then a dead socket. */
	#cutWhole({ wire, generation, response }: Delivery): boolean {
		const body = wire.whole(generation);
		response.writeHead(200, { 'content-type': 'application/json', ...wire.headers, 'content-length': Buffer.byteLength(body) });
		response.write(body.slice(0, body.length / 2), () => response.destroy());
		return false;
	}

	async #stream(call: Delivery): Promise<boolean> {
		const { wire, answer, generation, response, gone, line, arrival } = call;
		response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...wire.headers });
		response.flushHeaders();
		for (const event of wire.events(generation, call.body)) {
			if (arrival.eventCount === answer.hangAfterEvents) await untilGone(gone);
			if (gone.aborted) return false;
			if (arrival.eventCount === answer.cutAfterEvents) {
				// Let the events before it leave, so that the caller sees a cut stream and not a refused one.
				await new Promise<void>((resolve) => response.write('', () => setImmediate(resolve)));
				response.destroy();
				return false;
			}
			if (arrival.eventCount === answer.errorAfterEvents) {
				response.end(wire.errorEvent());
				return false;
			}
			response.write(event.text);
			arrival.eventCount += 1;
			line.addOutput(event.outputTokens);
			if (answer.betweenEventsMs !== undefined) await delay(answer.betweenEventsMs, undefined, { signal: gone }).catch(() => undefined);
		}
		response.end();
		return true;
	}
}

interface Delivery {
	readonly wire: Wire;
	readonly answer: Answer;
	readonly generation: Generation;
	readonly turn: Turn;
	readonly body: JsonObject;
	readonly response: ServerResponse;
	readonly gone: AbortSignal;
	readonly line: ChargeLine;
	readonly arrival: Arrival;
}

function inputOf({ outputTokens: _, ...input }: BilledTokens): Omit<BilledTokens, 'outputTokens'> {
	return input;
}

function untilGone(gone: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (gone.aborted) resolve();
		else gone.addEventListener('abort', () => resolve(), { once: true });
	});
}

/** Starts a stand-in on loopback; a vendor may speak several wires, each at its own path, and sends one bill. */
export async function startStandIn(wires: readonly [Wire, ...Wire[]], options: StandInOptions): Promise<StandIn> {
	const session = new Session(wires, options);
	const server = createServer((request, response) => {
		session.handle(request, response).catch((error: unknown) => {
			if (response.headersSent) response.destroy();
			else response.writeHead(500, { 'content-type': 'text/plain' }).end(`stand-in failed: ${String(error)}`);
		});
	});
	const sockets = new Set<Socket>();
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		arrivals: session.arrivals,
		calls: session.calls,
		bill: session.bill,
		setScript(script) {
			session.script = script;
		},
		close: () =>
			new Promise((resolve, reject) => {
				for (const socket of sockets) socket.destroy();
				server.close((error) => (error === undefined ? resolve() : reject(error)));
			}),
	};
}
