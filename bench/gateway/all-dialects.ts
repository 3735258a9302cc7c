/** Calls a second in each dialect, and what a call adds to the first delta when it crosses from one dialect to another. */

import { DIALECTS, type DialectName } from '../../appliance/protocol/words.ts';
import { type Figure, formatValue, printTable } from '../lib/report.ts';
import { added, figure, THROUGHPUT_BODIES } from './figures.ts';
import { type Effort, measureLatency, measureThroughput, type NamedTarget } from './measure.ts';
import type { LoadProcess } from './processes.ts';
import { direct, innerloopOfAllDialects, type RunningTarget } from './targets.ts';

const PATHS: Readonly<Record<DialectName, string>> = {
	anthropic: '/v1/messages',
	'chat-completions': '/v1/chat/completions',
	responses: '/v1/responses',
};

/** The service as a caller of one dialect reaches it, sent to the deployment of another one or of its own. */
function through(service: RunningTarget, from: DialectName, to: DialectName): NamedTarget {
	const headers = { ...service.headers, 'x-innerloop-deployment': to };
	return { name: `${from}→${to}`, dialect: from, running: { ...service, url: service.url + PATHS[from], headers } };
}

async function throughputFigures(load: LoadProcess, service: RunningTarget, effort: Effort): Promise<Figure[]> {
	const own = DIALECTS.map((dialect) => through(service, dialect, dialect));
	const figures: Figure[] = [];
	const rows = new Map(own.map(({ name }) => [name, [name]]));
	for (const body of THROUGHPUT_BODIES) {
		for (const [name, { callsPerSecond }] of await measureThroughput(load, own, body, effort)) {
			figures.push(figure(`innerloop/${name}/${body}/throughput`, callsPerSecond, 'calls/s'));
			rows.get(name)?.push(formatValue(callsPerSecond));
		}
	}
	console.log();
	printTable(['calls/s', ...THROUGHPUT_BODIES], [...rows.values()]);
	return figures;
}

/** Each figure against the same upstream; across dialects against the direct call of the caller's dialect. */
export async function dialectFigures(load: LoadProcess, upstreamUrl: string, effort: Effort): Promise<Figure[]> {
	const service = await innerloopOfAllDialects().start(upstreamUrl);
	try {
		const figures = await throughputFigures(load, service, effort);
		const across = DIALECTS.filter((dialect) => dialect !== 'anthropic').map((dialect) => through(service, 'anthropic', dialect));
		const targets = [{ name: 'direct', running: await direct.start(upstreamUrl) }, through(service, 'anthropic', 'anthropic'), ...across];
		const latency = await measureLatency(load, targets, '41kB-paced', { ...effort, roundCalls: Math.ceil(effort.roundCalls / 6) });
		for (const { name } of targets.slice(1))
			figures.push(figure(`innerloop/${name}/first-delta/added-p50`, added(latency, name, 'firstDeltaP50'), 'ms'));
		return figures;
	} finally {
		await service.stop();
	}
}
