/** Counts the client programs that call the box, and says once in the log when one comes that the tests do not know. */

import type { Logger } from 'pino';
import { seenMark } from '../dialect/known-clients.ts';
import type { ClientMark } from '../protocol/call.ts';
import type { ClientRow, ClientSeen, ClientStore, KnownState } from '../protocol/clients.ts';
import type { Clock, HeaderMap } from '../protocol/ports.ts';

/** Clients choose their own names: beyond so many, new ones are counted together. */
const MOST_CLIENTS = 200;
const MOST_USER_AGENTS = 1_000;
const OTHERS = { name: 'others', version: '', state: 'unknown-client' } as const;
const WRITE_MS = 600_000;

interface Seen {
	readonly name: string;
	readonly version: string;
	readonly state: KnownState;
	readonly firstMs: number;
	lastMs: number;
	calls: number;
	/** Since the last write. */
	isChanged: boolean;
}

export interface ClientsSeenParts {
	readonly store: ClientStore;
	readonly clock: Clock;
	readonly log: Logger;
}

export class ClientsSeen {
	private readonly parts: ClientsSeenParts;
	/** By name and version. */
	private readonly seen = new Map<string, Seen>();
	/** By what the dialect recognized, then by user agent: what a call looks up. */
	private readonly byAgent = new Map<string, Map<string, Seen>>();
	private timer: NodeJS.Timeout | undefined;

	constructor(parts: ClientsSeenParts) {
		this.parts = parts;
	}

	async start(): Promise<void> {
		for (const row of await this.parts.store.list()) this.restore(row);
		this.timer = setInterval(() => this.write(), WRITE_MS).unref();
	}

	/** A call of this client has ended: two look-ups and two additions. */
	note(mark: ClientMark, header: HeaderMap[string]): void {
		const userAgent = typeof header === 'string' ? header : '';
		let agents = this.byAgent.get(mark.name);
		if (agents === undefined) {
			agents = new Map();
			this.byAgent.set(mark.name, agents);
		}
		let seen = agents.get(userAgent);
		if (seen === undefined) {
			seen = this.meet(mark, userAgent);
			if (agents.size >= MOST_USER_AGENTS) agents.clear();
			agents.set(userAgent, seen);
		}
		seen.calls += 1;
		seen.lastMs = this.parts.clock.wallMs();
		seen.isChanged = true;
	}

	/** The latest first. */
	list(): readonly ClientSeen[] {
		return [...this.seen.values()]
			.sort((a, b) => b.lastMs - a.lastMs)
			.map(({ name, version, state, firstMs, lastMs, calls }) => ({
				name,
				version,
				state,
				firstSeenAt: new Date(firstMs).toISOString(),
				lastSeenAt: new Date(lastMs).toISOString(),
				calls,
			}));
	}

	/** Calls by whether their client is known: closed labels only. */
	countByState(): ReadonlyMap<KnownState, number> {
		const counts = new Map<KnownState, number>();
		for (const { state, calls } of this.seen.values()) counts.set(state, (counts.get(state) ?? 0) + calls);
		return counts;
	}

	stop(): void {
		clearInterval(this.timer);
		this.write();
	}

	private meet(mark: ClientMark, userAgent: string): Seen {
		const said = seenMark(mark, userAgent);
		const { name, version, state } = this.seen.size >= MOST_CLIENTS && !this.seen.has(keyOf(said)) ? OTHERS : said;
		const known = this.seen.get(keyOf({ name, version }));
		if (known !== undefined) return known;
		const nowMs = this.parts.clock.wallMs();
		const made: Seen = { name, version, state, firstMs: nowMs, lastMs: nowMs, calls: 0, isChanged: true };
		this.seen.set(keyOf(made), made);
		if (state.startsWith('unknown'))
			this.parts.log.warn(
				{ client: name, version, state },
				'a client that this version of Innerloop is not tested with; it is served as it asks',
			);
		this.parts.store.put([rowOf(made)]);
		return made;
	}

	private restore(row: ClientRow): void {
		const { name, version, firstMs, lastMs, calls } = row;
		const mark = { name: isMarkName(name) ? name : ('unknown' as const), version };
		const { state } = seenMark(mark, `${name}/${version}`);
		this.seen.set(keyOf(row), { name, version, state, firstMs, lastMs, calls, isChanged: false });
	}

	private write(): void {
		const changed = [...this.seen.values()].filter(({ isChanged }) => isChanged);
		if (changed.length > 0) this.parts.store.put(changed.map(rowOf));
		for (const one of changed) one.isChanged = false;
	}
}

const keyOf = ({ name, version }: { readonly name: string; readonly version: string }): string => `${name} ${version}`;

const rowOf = ({ name, version, firstMs, lastMs, calls }: Seen): ClientRow => ({ name, version, firstMs, lastMs, calls });

const MARK_NAMES: readonly string[] = [
	'claude-code',
	'codex',
	'opencode',
	'aider',
	'anthropic-sdk',
	'openai-sdk',
] satisfies ClientMark['name'][];
const isMarkName = (name: string): name is ClientMark['name'] => MARK_NAMES.includes(name);
