/** From measurements to figures: what is added to a direct call, the ratio to the best peer, and the targets. */

import { type Figure, formatValue } from '../lib/report.ts';
import type { Latency, Throughput } from './measure.ts';

export const LATENCY_BODIES = ['small', '41kB', '1MB'] as const;
export const THROUGHPUT_BODIES = ['small', '41kB', '41kB-stream'] as const;

export interface Measured {
	/** `direct` and `innerloop` first. */
	readonly names: readonly string[];
	/** By name: what went wrong with a peer. */
	readonly notes: ReadonlyMap<string, string>;
	readonly latency: Readonly<Record<(typeof LATENCY_BODIES)[number] | '41kB-paced', ReadonlyMap<string, Latency>>>;
	readonly throughput: Readonly<Record<(typeof THROUGHPUT_BODIES)[number], ReadonlyMap<string, Throughput>>>;
	readonly idle: ReadonlyMap<string, number>;
	readonly peak: ReadonlyMap<string, number>;
}

const TARGETS: Readonly<Record<string, Figure['target']>> = {
	'innerloop/41kB/added-p50': { is: '<', value: 1 },
	'innerloop/first-delta/added-p50': { is: '<', value: 2 },
	'innerloop/rss-peak': { is: '<', value: 200 },
	'innerloop/small/ratio-to-best-peer': { is: '>=', value: 3 },
	'innerloop/41kB/ratio-to-best-peer': { is: '>=', value: 3 },
	'innerloop/41kB-stream/ratio-to-best-peer': { is: '>=', value: 3 },
	'innerloop/1MB/added-p99-while-decoding': { is: '<', value: 10 },
};

/** Of every pair of dialects. */
const ACROSS: Figure['target'] = { is: '<', value: 2 };

export function figure(name: string, value: number, unit: string): Figure {
	const target = TARGETS[name] ?? (name.endsWith('/first-delta/added-p50') && name.includes('→') ? ACROSS : undefined);
	return target === undefined ? { name, value, unit } : { name, value, unit, target };
}

type Percentile = 'p50' | 'p99' | 'firstDeltaP50';

/** Difference of the percentiles of two distributions measured in turns. */
export function added(of: ReadonlyMap<string, Latency>, name: string, percentile: Percentile): number {
	return (of.get(name)?.[percentile] ?? Number.NaN) - (of.get('direct')?.[percentile] ?? Number.NaN);
}

function figuresOfTarget(measured: Measured, name: string): Figure[] {
	const figures: Figure[] = [];
	const { latency } = measured;
	for (const body of LATENCY_BODIES) {
		for (const percentile of ['p50', 'p99'] as const) {
			figures.push(figure(`${name}/${body}/${percentile}`, latency[body].get(name)?.[percentile] ?? Number.NaN, 'ms'));
			if (name !== 'direct') figures.push(figure(`${name}/${body}/added-${percentile}`, added(latency[body], name, percentile), 'ms'));
		}
	}
	if (name !== 'direct') figures.push(figure(`${name}/first-delta/added-p50`, added(latency['41kB-paced'], name, 'firstDeltaP50'), 'ms'));
	for (const body of THROUGHPUT_BODIES) {
		const throughput = measured.throughput[body].get(name);
		figures.push(figure(`${name}/${body}/throughput`, throughput?.callsPerSecond ?? Number.NaN, 'calls/s'));
		if (name !== 'direct') figures.push(figure(`${name}/${body}/processor`, throughput?.processorMsPerCall ?? Number.NaN, 'ms/call'));
	}
	if (name === 'direct') return figures;
	const memory = [
		figure(`${name}/rss-idle`, measured.idle.get(name) ?? Number.NaN, 'MB'),
		figure(`${name}/rss-peak`, measured.peak.get(name) ?? Number.NaN, 'MB'),
	];
	return [...figures, ...memory];
}

function ratios({ names, throughput }: Measured): Figure[] {
	const peers = names.filter((name) => name !== 'direct' && name !== 'innerloop');
	if (peers.length === 0) return [];
	return THROUGHPUT_BODIES.flatMap((body) => {
		const of = (name: string) => throughput[body].get(name);
		const best = Math.max(...peers.map((peer) => of(peer)?.callsPerSecond ?? 0));
		const leanest = Math.min(...peers.map((peer) => of(peer)?.processorMsPerCall ?? Number.POSITIVE_INFINITY));
		const ours = of('innerloop');
		return [
			figure(`innerloop/${body}/ratio-to-best-peer`, (ours?.callsPerSecond ?? Number.NaN) / best, '×'),
			figure(`innerloop/${body}/processor-ratio-to-leanest-peer`, leanest / (ours?.processorMsPerCall ?? Number.NaN), '×'),
		];
	});
}

export function figuresOf(measured: Measured): Figure[] {
	return [...measured.names.flatMap((name) => figuresOfTarget(measured, name)), ...ratios(measured)];
}

const HEADER = [
	'ms added, p50/p99',
	'small',
	'41 kB',
	'1 MB',
	'first delta',
	'calls/s small',
	'41 kB',
	'streamed',
	'processor ms a call',
	'MB idle → peak',
];

function labelOf({ notes }: Measured, name: string): string {
	const note = notes.get(name);
	return note === undefined ? name : `${name} (${note})`;
}

/** One row a target; the direct row shows whole times, the others what they add. */
export function tableOf(measured: Measured): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
	const rows = measured.names.map((name) => {
		const time = (body: keyof Measured['latency'], percentile: Percentile) => {
			const value = name === 'direct' ? measured.latency[body].get(name)?.[percentile] : added(measured.latency[body], name, percentile);
			return formatValue(value ?? Number.NaN);
		};
		const memory =
			name === 'direct'
				? ''
				: `${formatValue(measured.idle.get(name) ?? Number.NaN)} → ${formatValue(measured.peak.get(name) ?? Number.NaN)}`;
		const processor = THROUGHPUT_BODIES.map((body) =>
			formatValue(measured.throughput[body].get(name)?.processorMsPerCall ?? Number.NaN),
		).join(' / ');
		return [
			name === 'direct' ? 'direct (whole times)' : labelOf(measured, name),
			...LATENCY_BODIES.map((body) => `${time(body, 'p50')} / ${time(body, 'p99')}`),
			time('41kB-paced', 'firstDeltaP50'),
			...THROUGHPUT_BODIES.map((body) => formatValue(measured.throughput[body].get(name)?.callsPerSecond ?? Number.NaN)),
			name === 'direct' ? '' : processor,
			memory,
		];
	});
	return { header: HEADER, rows };
}
