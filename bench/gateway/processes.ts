/** The benchmark's own two helpers, each in a process of its own so that neither shares a loop with what is measured. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadResult } from './load.ts';

function start(file: string): ChildProcess {
	return fork(fileURLToPath(new URL(file, import.meta.url)), {
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		serialization: 'advanced',
		// Without the launcher's tether, which would let go of the channel: this one keeps them alive, and ends them.
		execArgv: [],
	});
}

function answerOf<T>(child: ChildProcess): Promise<T> {
	return new Promise((resolve, reject) => {
		const ended = (code: number | null) => reject(new Error(`a helper process ended with exit code ${code}`));
		child.once('exit', ended);
		child.once('message', (message) => {
			child.off('exit', ended);
			resolve(message as T);
		});
	});
}

export interface UpstreamProcess {
	readonly url: string;
	stop(): void;
}

export async function startUpstream(): Promise<UpstreamProcess> {
	const child = start('./upstream.ts');
	const { port } = await answerOf<{ port: number }>(child);
	return { url: `http://127.0.0.1:${port}`, stop: () => void child.kill() };
}

export interface LoadProcess {
	/** @throws when an answer was not 200: a benchmark of errors means nothing */
	run(plan: LoadPlan): Promise<LoadResult>;
	stop(): void;
}

export function startLoad(): LoadProcess {
	const child = start('./load.ts');
	return {
		async run(plan) {
			const answer = answerOf<LoadResult>(child);
			child.send(plan);
			const result = await answer;
			if (result.failure !== undefined) throw new Error(`${plan.url} answered ${plan.body}: ${result.failure}`);
			return result;
		},
		stop: () => void child.kill(),
	};
}
