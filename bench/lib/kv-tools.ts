/** Runs the programs that measure caches, and reads their lines of JSON. */

import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { nativeDir } from '../../appliance/config/places.ts';
import { type KvTool, obtainKvTools } from '../../native/build/kv-tools.ts';

/** `stock` is ggml's own attention in the same binary. */
export type Attention = 'stock' | 'grouped';

export type RunKvTool = (tool: KvTool, args: readonly string[], attention?: Attention) => Promise<readonly Record<string, unknown>[]>;

/** Builds what is missing, with a line for every tenth of the way. */
export async function openKvTools(): Promise<RunKvTool> {
	let tenths = 0;
	const fileOf = await obtainKvTools({
		folder: nativeDir(process.env, homedir()),
		onProgress: (share) => {
			if (share * 10 < tenths + 1) return;
			tenths = Math.floor(share * 10);
			console.error(`building the engine: ${tenths * 10} %`);
		},
		signal: new AbortController().signal,
	});
	return (tool, args, attention = 'grouped') => run(fileOf(tool), args, attention);
}

async function run(program: string, args: readonly string[], attention: Attention): Promise<readonly Record<string, unknown>[]> {
	const env = { ...process.env, INNERLOOP_ATTENTION: attention };
	const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
	const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
	const results: Record<string, unknown>[] = [];
	for await (const line of createInterface({ input: child.stdout })) results.push(JSON.parse(line) as Record<string, unknown>);
	const code = await ended;
	if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
	return results;
}
