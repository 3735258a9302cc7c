/** Brings one webhook its alerts, one after the other, and tries again until it took them or a day is over. */

import { setTimeout as delay } from 'node:timers/promises';
import type { AlertRow } from '../../protocol/alerts.ts';
import { Problem } from '../../protocol/problem.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 1_800_000;
const GIVE_UP_MS = 86_400_000;

export interface AlertQueueParts {
	/** Rejects where the receiver did not take it. */
	readonly send: (row: AlertRow, signal: AbortSignal) => Promise<void>;
	/** It is over: `sent`, or `failed` for good. */
	readonly onEnd: (row: AlertRow, state: 'sent' | 'failed') => Promise<void>;
	/** A try failed; called once an alert. */
	readonly onTrouble: (row: AlertRow, problem: Problem) => void;
	readonly wallMs: () => number;
	readonly signal: AbortSignal;
}

export class AlertQueue {
	private readonly parts: AlertQueueParts;
	private readonly rows: AlertRow[] = [];
	private isRunning = false;

	constructor(parts: AlertQueueParts) {
		this.parts = parts;
	}

	add(row: AlertRow): void {
		this.rows.push(row);
		if (!this.isRunning) void this.run();
	}

	/** What a stop interrupts stays queued in the store. */
	private async run(): Promise<void> {
		this.isRunning = true;
		const { signal, onEnd } = this.parts;
		for (let row = this.rows.shift(); row !== undefined && !signal.aborted; row = this.rows.shift()) {
			const state = await this.bring(row);
			if (state !== undefined) await onEnd(row, state);
		}
		this.isRunning = false;
	}

	private async bring(row: AlertRow): Promise<'sent' | 'failed' | undefined> {
		const { send, onTrouble, wallMs, signal } = this.parts;
		for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
			try {
				await send(row, signal);
				return 'sent';
			} catch (error) {
				if (signal.aborted) return undefined;
				if (waitMs === FIRST_WAIT_MS) onTrouble(row, Problem.from(error));
				if (wallMs() - row.atMs > GIVE_UP_MS) return 'failed';
			}
			await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
		}
		return undefined;
	}
}
