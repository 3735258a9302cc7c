/** llama.cpp's own server on a loopback port, with one slot. */

import { tmpdir } from 'node:os';
import { answers, startChildProgram } from './child-program.ts';

/** A loaded machine reads a small model slowly. */
const READY_TIMEOUT_MS = 120_000;
const ADDRESS = /listening on (http:\/\/127\.0\.0\.1:\d+)/;

export interface Completion {
	readonly content: string;
	/** Tokens of the prompt that were read, and that stood in the slot's cache. */
	readonly timings: { readonly prompt_n: number; readonly cache_n: number };
}

export interface SlotReport {
	readonly n_saved?: number;
	readonly n_restored?: number;
	readonly n_erased?: number;
}

export interface LlamaServer {
	/** Greedy, a few tokens. */
	complete(prompt: string): Promise<Completion>;
	slot(action: 'save' | 'restore' | 'erase', file?: string): Promise<SlotReport>;
	stop(): Promise<void>;
}

export async function startLlamaServer(program: string, model: string, args: readonly string[]): Promise<LlamaServer> {
	const place = ['--host', '127.0.0.1', '--port', '0', '--offline', '--no-ui'];
	const size = ['-np', '1', '-c', '512', '-t', '1', '--no-warmup', '--cache-ram', '0', '-fit', 'off'];
	let url = '';
	const child = await startChildProgram({
		command: program,
		args: ['-m', model, ...place, ...size, ...args],
		cwd: tmpdir(),
		isReady: async (output) => {
			url = ADDRESS.exec(output)?.[1] ?? '';
			return url !== '' && answers(`${url}/health`);
		},
		readyTimeoutMs: READY_TIMEOUT_MS,
	});
	const post = async <T>(path: string, body: object): Promise<T> => {
		const response = await fetch(`${url}${path}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
		if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
		return (await response.json()) as T;
	};
	return {
		complete: (prompt) => post<Completion>('/completion', { prompt, n_predict: 12, temperature: 0, id_slot: 0, cache_prompt: true }),
		slot: (action, file) => post<SlotReport>(`/slots/0?action=${action}`, file === undefined ? {} : { filename: file }),
		stop: () => child.stop(),
	};
}
