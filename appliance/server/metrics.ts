/** What Prometheus sees of the box. Labels come from closed sets and from the configuration, never from callers. */

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { TrafficReport } from '../protocol/admin.ts';
import type { KnownState } from '../protocol/clients.ts';
import type { Outcome } from '../protocol/decision.ts';
import type { EngineStatus, SpendRow, StoreStats } from '../protocol/ports.ts';
import { CallSeries } from './call-series.ts';
import { addTrafficGauges } from './traffic-gauges.ts';
import type { Walk } from './walk.ts';

/** States that are read only when somebody looks. */
export interface MetricSources {
	engine(): EngineStatus;
	spend(): readonly SpendRow[];
	runningCalls(): number;
	store(): StoreStats;
	clients(): ReadonlyMap<KnownState, number>;
	/** Of the cloud deployments, by id. */
	traffic(): readonly (readonly [deployment: string, TrafficReport])[];
}

export interface Metrics {
	noteCall(walk: Walk, outcome: Outcome): void;
	/** Prometheus text format. */
	text(): Promise<string>;
	readonly contentType: string;
}

export function createMetrics(sources: MetricSources): Metrics {
	const registry = new Registry();
	collectDefaultMetrics({ register: registry, prefix: 'innerloop_' });
	addGauges(registry, sources);
	const series = new CallSeries();
	return {
		noteCall: (walk, outcome) => noteInto(series, walk, outcome),
		text: async () => `${await registry.metrics()}${series.text()}`,
		contentType: registry.contentType,
	};
}

function noteInto(series: CallSeries, { plan, deployment, usage, settlement }: Walk, outcome: Outcome): void {
	series.count({
		outcome,
		role: plan?.role ?? 'none',
		tier: deployment?.tier ?? 'none',
		deployment: deployment?.id ?? 'none',
		usage,
		reservedNanoUsd: plan?.reservationNanoUsd ?? 0,
		settledNanoUsd: settlement?.costNanoUsd,
	});
}

function addGauges(registry: Registry, sources: MetricSources): void {
	const registers = [registry];
	gauge('innerloop_running_calls', 'Calls being served.', [], (it) => it.set(sources.runningCalls()));
	gauge('innerloop_engine_state', '1 for the state that the local engine is in.', ['state'], (it) => {
		it.reset();
		it.set({ state: sources.engine().state }, 1);
	});
	gauge('innerloop_engine', 'The local engine by measure.', ['measure'], (it) => setEngine(it, sources.engine()));
	gauge('innerloop_store', 'The store by measure; failing is 1 while the disk refuses the ledger.', ['measure'], (it) =>
		setStore(it, sources.store()),
	);
	gauge('innerloop_client_calls', 'Calls ever counted, by whether the tests know their client.', ['state'], (it) => {
		it.reset();
		for (const [state, calls] of sources.clients()) it.set({ state }, calls);
	});
	addTrafficGauges(gauge, sources);
	gauge('innerloop_ledger_usd', 'Balances of the ledger.', ['scope', 'id', 'period', 'kind'], (it) => {
		it.reset();
		for (const row of sources.spend()) if (row.scope !== 'tree') setRow(it, row);
	});

	function gauge(name: string, help: string, labelNames: string[], read: (it: Gauge<string>) => void): void {
		const it: Gauge<string> = new Gauge({ name, help, labelNames, registers, collect: () => read(it) });
	}
}

function setEngine(gauge: Gauge<string>, { slots, busySlots, queued, rates, rssBytes }: EngineStatus): void {
	gauge.reset();
	const measures = {
		slots,
		busy_slots: busySlots,
		queued,
		rss_bytes: rssBytes,
		prefill_tokens_per_second: rates?.prefillTokensPerSecond,
		decode_tokens_per_second: rates?.decodeTokensPerSecond,
	};
	for (const [measure, value] of Object.entries(measures)) if (value !== undefined) gauge.set({ measure }, value);
}

function setStore(gauge: Gauge<string>, stats: StoreStats): void {
	gauge.set({ measure: 'failing' }, stats.failure === undefined ? 0 : 1);
	gauge.set({ measure: 'waiting_lines' }, stats.waitingLines);
	gauge.set({ measure: 'commits' }, stats.commits);
	gauge.set({ measure: 'synced_commits' }, stats.syncedCommits);
	gauge.set({ measure: 'dropped_calls' }, stats.droppedCalls);
	gauge.set({ measure: 'ledger_alarms' }, stats.ledgerAlarms);
}

function setRow(gauge: Gauge<string>, { scope, id, period, ...row }: SpendRow): void {
	gauge.set({ scope, id, period, kind: 'settled' }, row.settledNanoUsd / 1e9);
	gauge.set({ scope, id, period, kind: 'reserved' }, row.reservedNanoUsd / 1e9);
	if (row.ceilingNanoUsd !== undefined) gauge.set({ scope, id, period, kind: 'ceiling' }, row.ceilingNanoUsd / 1e9);
}
