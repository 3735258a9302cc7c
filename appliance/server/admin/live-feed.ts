/** The live feed: one look a second while anybody reads, and to each reader only what changed since they last read. */

import type { Outcome } from '../../protocol/decision.ts';
import type { LiveBegin, LiveCall, LiveEnd, LiveState } from '../../protocol/live.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Walk } from '../walk.ts';
import { beginOf, callOf } from './live-call.ts';

const LOOK_MS = 1_000;
/** Proxies and browsers give a silent connection up; a comment keeps it. */
const HEARTBEAT_MS = 15_000;
const MOST_READERS = 64;
/** Calls that wait for a reader who does not read; more are only counted. */
const MOST_WAITING = 200;

/** The parts of the state as JSON, each by its name. */
export type LiveParts = ReadonlyMap<keyof LiveState, string>;

export interface LiveReader {
	/** Sees everybody's calls and spending, or only those of this member. */
	readonly scope: 'all' | { readonly memberId: string };
	/** Asked at every look: a revoked key or an ended session reads no further. */
	isStillAllowed(): boolean;
	write(text: string): void;
	/** The connection holds more than it should: its reader does not read. */
	isBlocked(): boolean;
	end(): void;
}

export interface LiveFeedOptions {
	/** Told for a member, or for `undefined` as an owner sees it. */
	parts(memberId: string | undefined): LiveParts;
}

interface Seat {
	readonly reader: LiveReader;
	readonly sent: Map<keyof LiveState, string>;
	waiting: string[];
	missed: number;
	quietMs: number;
}

export class LiveFeed {
	readonly #options: LiveFeedOptions;
	readonly #seats = new Set<Seat>();
	#timer: NodeJS.Timeout | undefined;

	constructor(options: LiveFeedOptions) {
		this.#options = options;
	}

	/** What a call asks before it tells anything. */
	get isWatched(): boolean {
		return this.#seats.size > 0;
	}

	get readers(): number {
		return this.#seats.size;
	}

	/** The whole state follows as soon as the caller has written its head; returns what ends the reading. Throws `rate-limited` beyond 64 readers. */
	subscribe(reader: LiveReader): () => void {
		if (this.#seats.size >= MOST_READERS)
			throw new Problem('rate-limited', `${MOST_READERS} pages read the live feed already. Close one.`, {
				isRetryable: true,
				retryAfterSeconds: 30,
			});
		const seat: Seat = { reader, sent: new Map(), waiting: [], missed: 0, quietMs: 0 };
		this.#seats.add(seat);
		this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
		queueMicrotask(() => this.#tellState(seat, this.#options.parts(memberIdOf(reader))));
		return () => this.#leave(seat);
	}

	began(walk: Walk): void {
		const begin = beginOf(walk);
		if (begin !== undefined) this.#tellCall(walk.arrival.key.memberId, 'begin', begin);
	}

	ended(walk: Walk, outcome: Outcome): void {
		this.#tellCall(walk.arrival.key.memberId, 'call', callOf(walk, outcome));
	}

	/** The box stops: every reader is told, and the connections end. */
	close(): void {
		for (const seat of this.#seats) this.#dismiss(seat, 'stopping');
	}

	#look(): void {
		const perMember = new Map<string | undefined, LiveParts>();
		for (const seat of this.#seats) {
			const { reader } = seat;
			if (!reader.isStillAllowed()) {
				this.#dismiss(seat, 'signed-out');
				continue;
			}
			if (reader.isBlocked()) continue;
			const id = memberIdOf(reader);
			const parts = perMember.get(id) ?? this.#options.parts(id);
			perMember.set(id, parts);
			this.#catchUp(seat);
			this.#tellState(seat, parts);
			this.#keepAlive(seat);
		}
	}

	#tellState(seat: Seat, parts: LiveParts): void {
		const changed = [...parts].filter(([name, text]) => seat.sent.get(name) !== text);
		if (changed.length === 0) return;
		for (const [name, text] of changed) seat.sent.set(name, text);
		this.#write(seat, event('state', `{${changed.map(([name, text]) => `"${name}":${text}`).join(',')}}`));
	}

	#tellCall(memberId: string, name: string, said: LiveBegin | LiveCall): void {
		let text: string | undefined;
		for (const seat of this.#seats) {
			const { scope } = seat.reader;
			if (scope !== 'all' && scope.memberId !== memberId) continue;
			text ??= event(name, JSON.stringify(said));
			if (!seat.reader.isBlocked()) this.#write(seat, text);
			else if (seat.waiting.length < MOST_WAITING) seat.waiting.push(text);
			else seat.missed += 1;
		}
	}

	#catchUp(seat: Seat): void {
		for (const text of seat.waiting) this.#write(seat, text);
		if (seat.missed > 0) this.#write(seat, event('missed', JSON.stringify({ calls: seat.missed })));
		seat.waiting = [];
		seat.missed = 0;
	}

	#keepAlive(seat: Seat): void {
		seat.quietMs += LOOK_MS;
		if (seat.quietMs > HEARTBEAT_MS) this.#write(seat, ':\n\n');
	}

	#write(seat: Seat, text: string): void {
		seat.quietMs = 0;
		seat.reader.write(text);
	}

	#dismiss(seat: Seat, reason: LiveEnd['reason']): void {
		seat.reader.write(event('end', JSON.stringify({ reason })));
		seat.reader.end();
		this.#leave(seat);
	}

	#leave(seat: Seat): void {
		this.#seats.delete(seat);
		if (this.#seats.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}
}

/** JSON has no line ends, so one data line holds it. */
const event = (name: string, json: string): string => `event: ${name}\ndata: ${json}\n\n`;

const memberIdOf = ({ scope }: LiveReader): string | undefined => (scope === 'all' ? undefined : scope.memberId);
