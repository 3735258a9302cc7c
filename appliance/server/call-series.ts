/** Counters and histograms of calls in Prometheus text: a call costs a look-up and some additions, the text is made when somebody asks. */

import type { Outcome } from '../protocol/decision.ts';
import type { Usage } from '../protocol/stream.ts';

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];
const BUCKETS_MS = LATENCY_SECONDS.map((seconds) => seconds * 1_000);

interface Histogram {
	/** Not cumulative; the last one holds what is above every bound. */
	readonly buckets: number[];
	sumMs: number;
	count: number;
}

/** What is counted of one deployment. */
interface Series {
	readonly labels: string;
	/** By `role status`. */
	readonly calls: Map<string, number>;
	readonly latency: Histogram;
	readonly firstByte: Histogram;
	readonly tokens: Map<string, number>;
	/** Of these, what a caller's own login paid for. */
	readonly ownTokens: Map<string, number>;
	readonly toolUses: Map<string, number>;
	costNanoUsd: number;
}

export interface CountedCall {
	readonly outcome: Outcome;
	readonly role: string;
	readonly tier: string;
	readonly deployment: string;
	readonly usage: Usage;
	readonly reservedNanoUsd: number;
	/** Undefined when nothing was billed. */
	readonly settledNanoUsd: number | undefined;
}

const TOKEN_KINDS = ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'output'] as const;

/** Labels come from closed sets and from the configuration, never from callers. */
export class CallSeries {
	readonly #series = new Map<string, Series>();
	#overruns = 0;

	count({ outcome, role, tier, deployment, usage, reservedNanoUsd, settledNanoUsd }: CountedCall): void {
		const series = this.#seriesOf(tier, deployment);
		add(series.calls, `${role} ${outcome.status}`, 1);
		observe(series.latency, outcome.latencyMs);
		if (outcome.firstByteMs !== undefined) observe(series.firstByte, outcome.firstByteMs);
		for (const kind of TOKEN_KINDS) {
			const tokens = usage[`${kind}Tokens`];
			if (!tokens) continue;
			add(series.tokens, kind, tokens);
			if (outcome.isOwnLogin === true) add(series.ownTokens, kind, tokens);
		}
		if (usage.serverToolUses !== undefined)
			for (const [tool, uses] of Object.entries(usage.serverToolUses)) add(series.toolUses, tool, uses);
		series.costNanoUsd += outcome.costNanoUsd;
		if (settledNanoUsd !== undefined && settledNanoUsd > reservedNanoUsd) this.#overruns += 1;
	}

	/** Prometheus text format, with a line end behind the last line. */
	text(): string {
		const all = [...this.#series.values()];
		const lines = [
			...head('innerloop_calls_total', 'counter', 'Calls by what became of them.'),
			...all.flatMap(callLines),
			...head('innerloop_call_seconds', 'histogram', 'From the request’s last byte to the reply’s last byte.'),
			...all.flatMap(({ labels, latency }) => histogramLines('innerloop_call_seconds', labels, latency)),
			...head('innerloop_first_byte_seconds', 'histogram', 'From the request’s last byte to the reply’s first byte.'),
			...all.flatMap(({ labels, firstByte }) => histogramLines('innerloop_first_byte_seconds', labels, firstByte)),
			...head('innerloop_tokens_total', 'counter', 'Tokens that usage reported.'),
			...all.flatMap(({ labels, tokens }) => countLines('innerloop_tokens_total', 'kind', labels, tokens)),
			...head('innerloop_own_login_tokens_total', 'counter', 'Of these tokens, those that a caller’s own plan login paid for.'),
			...all.flatMap(({ labels, ownTokens }) => countLines('innerloop_own_login_tokens_total', 'kind', labels, ownTokens)),
			...head('innerloop_server_tool_uses_total', 'counter', 'Uses of tools that a vendor executed.'),
			...all.flatMap(({ labels, toolUses }) => countLines('innerloop_server_tool_uses_total', 'tool', labels, toolUses)),
			...head('innerloop_cost_usd_total', 'counter', 'Settled cost.'),
			...all.filter(({ costNanoUsd }) => costNanoUsd > 0).map((one) => `innerloop_cost_usd_total{${one.labels}} ${one.costNanoUsd / 1e9}`),
			...head('innerloop_overruns_total', 'counter', 'Calls that cost more than was reserved.'),
			`innerloop_overruns_total ${this.#overruns}`,
		];
		return `${lines.join('\n')}\n`;
	}

	#seriesOf(tier: string, deployment: string): Series {
		const key = `${tier} ${deployment}`;
		const known = this.#series.get(key);
		if (known !== undefined) return known;
		const labels = `tier="${tier}",deployment="${escaped(deployment)}"`;
		const made: Series = {
			labels,
			calls: new Map(),
			latency: newHistogram(),
			firstByte: newHistogram(),
			tokens: new Map(),
			ownTokens: new Map(),
			toolUses: new Map(),
			costNanoUsd: 0,
		};
		this.#series.set(key, made);
		return made;
	}
}

function newHistogram(): Histogram {
	return { buckets: new Array<number>(BUCKETS_MS.length + 1).fill(0), sumMs: 0, count: 0 };
}

function observe(histogram: Histogram, ms: number): void {
	let at = 0;
	while (at < BUCKETS_MS.length && ms > (BUCKETS_MS[at] ?? 0)) at += 1;
	histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1;
	histogram.sumMs += ms;
	histogram.count += 1;
}

function add(counts: Map<string, number>, key: string, count: number): void {
	counts.set(key, (counts.get(key) ?? 0) + count);
}

const head = (name: string, type: string, help: string): string[] => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];

function callLines({ labels, calls }: Series): string[] {
	return [...calls].map(([key, count]) => {
		const [role, status] = key.split(' ');
		return `innerloop_calls_total{role="${role}",${labels},status="${status}"} ${count}`;
	});
}

function countLines(name: string, label: string, labels: string, counts: ReadonlyMap<string, number>): string[] {
	return [...counts].map(([value, count]) => `${name}{${labels},${label}="${value}"} ${count}`);
}

function histogramLines(name: string, labels: string, { buckets, sumMs, count }: Histogram): string[] {
	if (count === 0) return [];
	let below = 0;
	const lines = LATENCY_SECONDS.map((seconds, at) => {
		below += buckets[at] ?? 0;
		return `${name}_bucket{le="${seconds}",${labels}} ${below}`;
	});
	return [
		...lines,
		`${name}_bucket{le="+Inf",${labels}} ${count}`,
		`${name}_sum{${labels}} ${sumMs / 1_000}`,
		`${name}_count{${labels}} ${count}`,
	];
}

/** A deployment's id is the operator's own text. */
const escaped = (label: string): string => label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
