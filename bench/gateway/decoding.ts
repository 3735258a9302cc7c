/** The 1 MB call again, while the engine on the same machine decodes on all its cores. */

import type { Figure } from '../lib/report.ts';
import { added, figure } from './figures.ts';
import { type Effort, measureLatency } from './measure.ts';
import { type LoadProcess, startLoad } from './processes.ts';
import { direct, innerloop } from './targets.ts';

const FOREVER = Number.MAX_SAFE_INTEGER;

/** What the service adds is judged against the direct call under the same load of the engine. */
export async function decodingFigures(load: LoadProcess, upstreamUrl: string, effort: Effort): Promise<Figure[]> {
	const service = await innerloop(true).start(upstreamUrl);
	const decoding = startLoad();
	try {
		const headers = { ...service.headers, 'x-innerloop-tier': 'local' };
		const plan = { url: service.url, headers, body: 'decode', connections: 2, calls: FOREVER } as const;
		// One call first: it shows that the engine answers, and warms it.
		await decoding.run({ ...plan, connections: 1, calls: 1, durationMs: FOREVER });
		let isDecoding = true;
		const background = decoding.run({ ...plan, durationMs: FOREVER }).finally(() => {
			isDecoding = false;
		});
		background.catch(() => undefined);
		const targets = [
			{ name: 'direct', running: await direct.start(upstreamUrl) },
			{ name: 'innerloop', running: service },
		];
		const latency = await measureLatency(load, targets, '1MB', { ...effort, roundCalls: Math.ceil(effort.roundCalls / 2) });
		if (!isDecoding) throw new Error('the engine stopped decoding while the 1 MB call was measured');
		return (['p50', 'p99'] as const).flatMap((percentile) => [
			figure(`direct/1MB/${percentile}-while-decoding`, latency.get('direct')?.[percentile] ?? Number.NaN, 'ms'),
			figure(`innerloop/1MB/added-${percentile}-while-decoding`, added(latency, 'innerloop', percentile), 'ms'),
		]);
	} finally {
		decoding.stop();
		await service.stop();
	}
}
