/** Watches the budgets and tells the operator's webhooks what they reach: once a mark and period, behind the calls. */

import type { Logger } from 'pino';
import type { AlertSettings, EgressSettings } from '../../config/settings.ts';
import type { AlertRow, BudgetAlert } from '../../protocol/alerts.ts';
import type { Clock, SpendRow, Store } from '../../protocol/ports.ts';
import { sendWebhook } from '../../provider/webhook/send-webhook.ts';
import { isKnownMark, reachedShares, refusedBy } from '../../router/budget/alerts.ts';
import { periodsAt } from '../../router/budget/ledger-period.ts';
import type { Walk } from '../walk.ts';
import { alertBody, refusedRow } from './alert-body.ts';
import { AlertQueue } from './alert-queue.ts';

/** Calls that end within this time are looked at together. */
const GATHER_MS = 250;
/** The longest period is a month; what was told before is of no use any more. */
const REMEMBERED_MS = 40 * 86_400_000;

export interface AlertDeskParts {
	readonly store: Pick<Store, 'alerts' | 'ledger'>;
	readonly clock: Clock;
	readonly log: Logger;
	/** Of the environment, which a running service keeps. */
	readonly egress: EgressSettings | undefined;
}

export class AlertDesk {
	/** False where no webhook is configured: then nothing is looked at. */
	isOn = false;
	private settings: AlertSettings;
	private readonly parts: AlertDeskParts;
	/** Webhook and budget → the marks that it was told, or is about to be. */
	private readonly told = new Map<string, BudgetAlert['mark'][]>();
	private readonly queues = new Map<string, AlertQueue>();
	private readonly stopping = new AbortController();
	private readonly refusals = new Map<string, SpendRow>();
	private timer: NodeJS.Timeout | undefined;

	constructor(settings: AlertSettings, parts: AlertDeskParts) {
		this.settings = settings;
		this.parts = parts;
	}

	/** Reads what was told before, and takes up what still waits. */
	async start(): Promise<void> {
		const rows = await this.parts.store.alerts.since(this.parts.clock.wallMs() - REMEMBERED_MS);
		for (const row of rows.toReversed()) {
			const { webhook, budget, mark } = keyOf(row.id);
			this.remember(webhook, budget, mark);
			if (row.state === 'queued') this.queueOf(webhook).add(row);
		}
		this.configure(this.settings);
	}

	configure(settings: AlertSettings): void {
		this.settings = settings;
		this.isOn = settings.webhooks.length > 0;
		if (this.isOn) this.lookSoon();
	}

	/** A call has ended. Costs it nothing but a timer. */
	note({ problem, scope, arrival }: Walk): void {
		if (problem?.code === 'budget-exhausted') {
			const row = refusedRow(problem.details, this.parts.store.ledger.spend(), scope, arrival.key);
			if (row !== undefined) this.refusals.set(`${row.scope}/${row.id}/${row.period}`, row);
		}
		this.lookSoon();
	}

	stop(): void {
		clearTimeout(this.timer);
		this.stopping.abort();
		this.isOn = false;
	}

	private lookSoon(): void {
		this.timer ??= setTimeout(() => {
			this.timer = undefined;
			this.look();
		}, GATHER_MS).unref();
	}

	private look(): void {
		const { store, clock } = this.parts;
		const periods = periodsAt(clock.wallMs());
		const refused = [...this.refusals.values()].map((row) => refusedBy(row, periods));
		this.refusals.clear();
		const alerts = [...reachedShares(store.ledger.spend(), this.settings.sharesPercent, periods), ...refused];
		for (const { name } of this.settings.webhooks) for (const alert of alerts) this.tell(name, alert);
	}

	private tell(webhook: string, alert: BudgetAlert): void {
		if (isKnownMark(alert.mark, this.told.get(`${webhook} ${alert.budget}`) ?? [])) return;
		this.remember(webhook, alert.budget, alert.mark);
		const atMs = this.parts.clock.wallMs();
		const id = `${webhook} ${alert.budget} ${alert.mark}`;
		const row: AlertRow = { id, atMs, state: 'queued', body: alertBody(id, atMs, alert) };
		// Remembered before it is sent: a restart must not tell it a second time.
		this.parts.store.alerts.put(row).then(
			() => this.queueOf(webhook).add(row),
			(err: unknown) => this.parts.log.warn({ err, alert: id }, 'an alert could not be written down, and is not sent'),
		);
	}

	private remember(webhook: string, budget: string, mark: BudgetAlert['mark']): void {
		const key = `${webhook} ${budget}`;
		this.told.set(key, [...(this.told.get(key) ?? []), mark]);
	}

	private queueOf(name: string): AlertQueue {
		const { log, store, clock } = this.parts;
		const known = this.queues.get(name);
		if (known !== undefined) return known;
		const queue = new AlertQueue({
			send: (row, signal) => this.send(name, row, signal),
			onEnd: async (row, state) => {
				if (state === 'failed') log.error({ alert: row.id }, 'an alert was given up: its webhook did not take it for a day');
				else log.info({ alert: row.id }, 'an alert was taken');
				await store.alerts.put({ ...row, state }).catch((err: unknown) => log.warn({ err }, 'an alert’s end could not be written down'));
			},
			onTrouble: (row, problem) =>
				log.warn({ alert: row.id, problem: problem.message }, 'a webhook did not take an alert; it is tried again'),
			wallMs: clock.wallMs,
			signal: this.stopping.signal,
		});
		this.queues.set(name, queue);
		return queue;
	}

	/** By the settings of this moment: a webhook that was repaired takes what waits for it. */
	private async send(name: string, { id, body }: AlertRow, signal: AbortSignal): Promise<void> {
		const webhook = this.settings.webhooks.find((one) => one.name === name);
		if (webhook === undefined) throw new Error('it is not configured any more');
		const { clock, egress } = this.parts;
		const wallMs = clock.wallMs();
		await sendWebhook({ url: webhook.url.reveal(), secret: webhook.secret.reveal(), id, body, wallMs, signal, egress });
	}
}

function keyOf(id: string): { webhook: string; budget: string; mark: BudgetAlert['mark'] } {
	const first = id.indexOf(' ');
	const last = id.lastIndexOf(' ');
	const mark = id.slice(last + 1);
	return { webhook: id.slice(0, first), budget: id.slice(first + 1, last), mark: mark === 'refused' ? mark : Number(mark) };
}
