/** The benchmark goes on when a peer dies, and says so. */

import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LastingTarget } from '../../../bench/gateway/lasting.ts';
import { type Effort, measureLatency, measureThroughput, type NamedTarget } from '../../../bench/gateway/measure.ts';
import { type LoadProcess, startLoad } from '../../../bench/gateway/processes.ts';
import type { Target } from '../../../bench/gateway/targets.ts';
import { startChildProgram } from '../../support/child-program.ts';

const EFFORT: Effort = { roundCalls: 4, rounds: 1, warmMs: 50, throughputMs: 50, throughputRounds: 1 };

let load: LoadProcess;
beforeAll(() => {
	load = startLoad();
});
afterAll(() => load.stop());

/** A program that answers so many calls and then ends itself. */
function mortal(calls: () => number): Target {
	const source = (most: number) => `
		let left = ${most};
		const server = require('node:http').createServer((request, response) => request.resume().on('end', () => {
			if (left-- <= 0) process.exit(1);
			response.end('{}');
		}));
		server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port + ';'));`;
	return {
		name: 'mortal',
		async start() {
			const program = await startChildProgram({
				command: process.execPath,
				args: ['-e', source(calls())],
				cwd: tmpdir(),
				isReady: async (output) => output.includes(';'),
				readyTimeoutMs: 20_000,
			});
			const port = /port (\d+);/.exec(program.output())?.[1];
			return { url: `http://127.0.0.1:${port}/`, headers: {}, pids: program.pids, stop: program.stop };
		},
	};
}

it('starts a peer again that dies, and measures it all the same', async () => {
	const lives = [5, Number.MAX_SAFE_INTEGER];
	const target = await LastingTarget.start(
		mortal(() => lives.shift() ?? 0),
		'',
	);
	try {
		const latency = await measureLatency(load, [target], 'small', EFFORT);
		expect(latency.get('mortal')?.count).toBe(4);
		expect(target.note).toBe('restarted 1 ×');
	} finally {
		await target.running.stop();
	}
});

it('gives a peer up that dies again and again, and goes on with the others', async () => {
	const target = await LastingTarget.start(
		mortal(() => 0),
		'',
	);
	const living = await LastingTarget.start({ ...mortal(() => Number.MAX_SAFE_INTEGER), name: 'living' }, '');
	try {
		const throughput = await measureThroughput(load, [target, living], 'small', EFFORT);
		expect(target.note).toBe('given up after 3 restarts');
		expect(throughput.get('mortal')?.callsPerSecond).toBeNaN();
		expect(throughput.get('living')?.callsPerSecond).toBeGreaterThan(0);
		expect(living.note).toBeUndefined();
	} finally {
		await Promise.all([target.running.stop(), living.running.stop()]);
	}
});

it('ends the run when what must not fail does', async () => {
	const running = await mortal(() => 0).start('');
	const ours: NamedTarget = { name: 'ours', running };
	try {
		await expect(measureLatency(load, [ours], 'small', EFFORT)).rejects.toThrow(/^ours failed: /);
	} finally {
		await running.stop();
	}
});
