/** `npm run bench:gateway`: what Innerloop adds to a call, and how much it carries, beside its peers, in one run. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Figure, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';
import { dialectFigures } from './all-dialects.ts';
import { decodingFigures } from './decoding.ts';
import { figuresOf, type Measured, tableOf } from './figures.ts';
import { installPeers } from './install-peers.ts';
import { LastingTarget } from './lasting.ts';
import { type Effort, idleMb, measureLatency, measureThroughput, type NamedTarget, peakMb } from './measure.ts';
import { type LoadProcess, startLoad, startUpstream } from './processes.ts';
import { claudeCodeRouter, direct, innerloop, litellm, portkey, type Target } from './targets.ts';

const USAGE = `Usage: npm run bench:gateway -- [options]

  --peers      also install and measure Portkey, claude-code-router and LiteLLM
  --quick      a fifth of the calls: to see that it runs, not to quote
  --no-engine  leave out the part that decodes on all cores
  --dialects   also measure every dialect, and calls that cross from one to another
  --json FILE  also write {machine, commit, figures} there
`;

const options = {
	peers: { type: 'boolean', default: false },
	quick: { type: 'boolean', default: false },
	'no-engine': { type: 'boolean', default: false },
	dialects: { type: 'boolean', default: false },
	json: { type: 'string' },
	help: { type: 'boolean', default: false },
} as const;

const FULL: Effort = { roundCalls: 60, rounds: 5, warmMs: 12_000, throughputMs: 1_500, throughputRounds: 3 };
const QUICK: Effort = { roundCalls: 20, rounds: 2, warmMs: 1_000, throughputMs: 700, throughputRounds: 1 };

async function measure(load: LoadProcess, targets: readonly NamedTarget[], effort: Effort): Promise<Measured> {
	const idle = new Map(targets.map((target) => [target.name, idleMb(target)]));
	// First, so that every program's code is warm when single calls are timed.
	const throughput = {
		small: await measureThroughput(load, targets, 'small', effort),
		'41kB': await measureThroughput(load, targets, '41kB', effort),
		'41kB-stream': await measureThroughput(load, targets, '41kB-stream', effort),
	};
	const latency = {
		small: await measureLatency(load, targets, 'small', effort),
		'41kB': await measureLatency(load, targets, '41kB', effort),
		'41kB-paced': await measureLatency(load, targets, '41kB-paced', { ...effort, roundCalls: Math.ceil(effort.roundCalls / 6) }),
		'1MB': await measureLatency(load, targets, '1MB', { ...effort, roundCalls: Math.ceil(effort.roundCalls / 2) }),
	};
	return {
		notes: new Map(targets.flatMap(({ name, note }) => (note === undefined ? [] : [[name, note]]))),
		names: targets.map(({ name }) => name),
		idle,
		latency,
		throughput,
		peak: new Map(targets.map((target) => [target.name, peakMb(target)])),
	};
}

interface Parts {
	readonly peers: boolean;
	readonly engine: boolean;
	readonly dialects: boolean;
}

async function run(effort: Effort, parts: Parts): Promise<Figure[]> {
	const peers = parts.peers ? await installPeers() : undefined;
	const plan: Target[] = [direct, innerloop(false)];
	const others: Target[] = peers ? [portkey(peers), claudeCodeRouter(peers), litellm(peers)] : [];
	const upstream = await startUpstream();
	const load = startLoad();
	const targets: NamedTarget[] = [];
	try {
		// A first start compiles the program; every later one finds that done, and is what people have.
		await (await innerloop(false).start(upstream.url)).stop();
		for (const target of plan) targets.push({ name: target.name, running: await target.start(upstream.url) });
		for (const target of others) targets.push(await LastingTarget.start(target, upstream.url));
		const measured = await measure(load, targets, effort);
		await Promise.all(targets.splice(0).map(({ running }) => running.stop()));
		const table = tableOf(measured);
		printTable(table.header, table.rows);
		return [
			...figuresOf(measured),
			...(parts.dialects ? await dialectFigures(load, upstream.url, effort) : []),
			...(parts.engine ? await decodingFigures(load, upstream.url, effort) : []),
		];
	} finally {
		await Promise.all(targets.map(({ running }) => running.stop()));
		load.stop();
		upstream.stop();
	}
}

const { values } = parseArgs({ options });
if (values.help) console.log(USAGE);
else {
	const figures = await run(values.quick ? QUICK : FULL, { peers: values.peers, engine: !values['no-engine'], dialects: values.dialects });
	console.log();
	printTargets(figures);
	if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../..', import.meta.url)), figures));
}
