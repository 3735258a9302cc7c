/** Reads the live feed into signals: one connection for the whole page, taken up again when it breaks. */

import { batch, signal } from '@preact/signals';
import type { LiveBegin, LiveCall, LiveEnd, LiveMissed, LiveState } from '../../../protocol/live.ts';
import { errorOf, refreshSession, send } from './api.ts';

export type Connection = 'connecting' | 'live' | 'waiting' | 'ended';

export const connection = signal<Connection>('connecting');
export const live = signal<LiveState | undefined>(undefined);
/** The newest first; without an end it still runs. */
export const recent = signal<readonly RecentCall[]>([]);
export const missedCalls = signal(0);

export type RecentCall =
	| { readonly begin: LiveBegin; readonly end: undefined }
	| { readonly begin: LiveBegin | undefined; readonly end: LiveCall };

const KEPT_CALLS = 100;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

export const idOf = ({ begin, end }: RecentCall): string => end?.callId ?? begin?.callId ?? '';

/** Reads until the returned function is called. */
export function follow(): () => void {
	const stop = new AbortController();
	void readOn(stop.signal);
	return () => stop.abort();
}

async function readOn(stopped: AbortSignal): Promise<void> {
	let waitMs = FIRST_WAIT_MS;
	while (!stopped.aborted) {
		try {
			await readOnce(stopped, () => {
				waitMs = FIRST_WAIT_MS;
			});
		} catch {
			// Told by the state of the connection; what broke it shows at the next try.
		}
		if (stopped.aborted || connection.value === 'ended') return;
		connection.value = 'waiting';
		await pause(waitMs, stopped);
		waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
	}
}

async function readOnce(stopped: AbortSignal, onOpen: () => void): Promise<void> {
	connection.value = 'connecting';
	const reply = await send('/admin/live', { signal: stopped, headers: { accept: 'text/event-stream' }, credentials: 'same-origin' });
	if (reply.status === 401 || reply.status === 403) {
		connection.value = 'ended';
		await refreshSession();
		return;
	}
	if (!reply.ok || reply.body === null) throw await errorOf(reply);
	connection.value = 'live';
	onOpen();
	const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
	let text = '';
	for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
		text += piece.value;
		const events = text.split('\n\n');
		text = events.pop() ?? '';
		batch(() => {
			for (const one of events) take(one);
		});
	}
}

function take(text: string): void {
	const name = /^event: (\w+)$/m.exec(text)?.[1];
	const data = /^data: (.*)$/m.exec(text)?.[1];
	if (name === undefined || data === undefined) return;
	const said = JSON.parse(data) as unknown;
	if (name === 'state') live.value = { ...live.value, ...(said as LiveState) };
	else if (name === 'begin') begin(said as LiveBegin);
	else if (name === 'call') end(said as LiveCall);
	else if (name === 'missed') missedCalls.value += (said as LiveMissed).calls;
	else if (name === 'end' && (said as LiveEnd).reason === 'signed-out') {
		connection.value = 'ended';
		void refreshSession();
	}
}

function begin(said: LiveBegin): void {
	recent.value = [{ begin: said, end: undefined }, ...recent.value].slice(0, KEPT_CALLS);
}

function end(said: LiveCall): void {
	const at = recent.value.findIndex((one) => idOf(one) === said.callId);
	const whole: RecentCall = { begin: recent.value[at]?.begin, end: said };
	recent.value = at < 0 ? [whole, ...recent.value].slice(0, KEPT_CALLS) : recent.value.with(at, whole);
}

/** What had happened before the page was opened. */
export function fillRecent(calls: readonly LiveCall[]): void {
	const known = new Set(recent.value.map(idOf));
	const older = calls.filter(({ callId }) => !known.has(callId)).map((call): RecentCall => ({ begin: undefined, end: call }));
	recent.value = [...recent.value, ...older].slice(0, KEPT_CALLS);
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		stopped.addEventListener('abort', () => {
			clearTimeout(timer);
			resolve();
		});
	});
}
