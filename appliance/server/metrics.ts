/** What Prometheus sees of the box. Labels come from closed sets and from the configuration, never from callers. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Outcome } from '../protocol/decision.ts';
import type { EngineStatus, SpendRow, StoreStats } from '../protocol/ports.ts';
import type { Walk } from './walk.ts';

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

/** States that are read only when somebody looks. */
export interface MetricSources {
	engine(): EngineStatus;
	spend(): readonly SpendRow[];
	runningCalls(): number;
	store(): StoreStats;
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
	const calls = addCallMetrics(registry);
	return { noteCall: calls, text: () => registry.metrics(), contentType: registry.contentType };
}

function addCallMetrics(registry: Registry): (walk: Walk, outcome: Outcome) => void {
	const registers = [registry];
	const served = ['role', 'tier', 'deployment', 'status'] as const;
	const where = ['tier', 'deployment'] as const;
	const calls = new Counter({ name: 'innerloop_calls_total', help: 'Calls by what became of them.', labelNames: served, registers });
	const latency = new Histogram({
		name: 'innerloop_call_seconds',
		help: 'From the request’s last byte to the reply’s last byte.',
		labelNames: where,
		buckets: LATENCY_SECONDS,
		registers,
	});
	const firstByte = new Histogram({
		name: 'innerloop_first_byte_seconds',
		help: 'From the request’s last byte to the reply’s first byte.',
		labelNames: where,
		buckets: LATENCY_SECONDS,
		registers,
	});
	const kinds = ['tier', 'deployment', 'kind'] as const;
	const tokens = new Counter({ name: 'innerloop_tokens_total', help: 'Tokens that usage reported.', labelNames: kinds, registers });
	const ownTokens = new Counter({
		name: 'innerloop_own_login_tokens_total',
		help: 'Of these tokens, those that a caller’s own plan login paid for.',
		labelNames: kinds,
		registers,
	});
	const toolLabels = ['tier', 'deployment', 'tool'] as const;
	const toolHelp = 'Uses of tools that a vendor executed.';
	const toolUses = new Counter({ name: 'innerloop_server_tool_uses_total', help: toolHelp, labelNames: toolLabels, registers });
	const cost = new Counter({ name: 'innerloop_cost_usd_total', help: 'Settled cost.', labelNames: where, registers });
	const overruns = new Counter({ name: 'innerloop_overruns_total', help: 'Calls that cost more than was reserved.', registers });
	return (walk, outcome) => {
		const { id: deployment = 'none', tier = 'none' } = walk.deployment ?? {};
		const { plan, usage, settlement } = walk;
		calls.inc({ role: plan?.role ?? 'none', tier, deployment, status: String(outcome.status) });
		latency.observe({ tier, deployment }, outcome.latencyMs / 1_000);
		if (outcome.firstByteMs !== undefined) firstByte.observe({ tier, deployment }, outcome.firstByteMs / 1_000);
		const { serverToolUses = {}, ...counts } = usage;
		for (const [name, count] of Object.entries(counts)) {
			if (!count) continue;
			const labels = { tier, deployment, kind: name.replace('Tokens', '') };
			tokens.inc(labels, count);
			if (outcome.isOwnLogin === true) ownTokens.inc(labels, count);
		}
		for (const [tool, count] of Object.entries(serverToolUses)) toolUses.inc({ tier, deployment, tool }, count);
		if (outcome.costNanoUsd > 0) cost.inc({ tier, deployment }, outcome.costNanoUsd / 1e9);
		if (settlement !== undefined && settlement.costNanoUsd > (plan?.reservationNanoUsd ?? 0)) overruns.inc();
	};
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
