/** What the box's engine stands beside: plain node-llama-cpp, and llama.cpp's own server with its prompt cache. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { answers, processorMs } from '../../test/support/child-program.ts';
import { freePort } from '../lib/free-port.ts';

export interface PeerOptions {
	readonly modelPath: string;
	readonly contextTokens: number;
	readonly slots: number;
	readonly threads: number;
}

export interface Read {
	readonly promptTokens: number;
	readonly computedTokens: number;
	readonly ms: number;
	/** Processor time, all threads. */
	readonly processorMs: number;
}

/** Reads prompts, keeps what it keeps, and answers nothing beyond a token. */
export interface Peer {
	readonly name: string;
	read(session: string, prompt: string): Promise<Read>;
	close(): Promise<void>;
}

/** One sequence a session while there are enough, the longest unused one after that. */
export async function openStock({ modelPath, contextTokens, slots, threads }: PeerOptions): Promise<Peer> {
	// The library tries its binary in a fork of this process, and the launcher's tether would end that.
	process.execArgv = [];
	const llama = await getLlama({ build: 'never', gpu: false, logLevel: LlamaLogLevel.error, progressLogs: false });
	const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
	const context = await model.createContext({ contextSize: contextTokens, sequences: slots, threads, flashAttention: true });
	const free = Array.from({ length: slots }, () => context.getSequence());
	/** By session, in the order of their last use. */
	const sessions = new Map<string, LlamaContextSequence>();
	return {
		name: 'stock',
		read: (session, prompt) => readInto(model, sequenceOf(sessions, free, session), prompt),
		close: () => llama.dispose(),
	};
}

function sequenceOf(sessions: Map<string, LlamaContextSequence>, free: LlamaContextSequence[], session: string): LlamaContextSequence {
	const [oldest] = sessions;
	const sequence = sessions.get(session) ?? free.pop() ?? oldest?.[1];
	if (sequence === undefined) throw new Error('there is no sequence');
	if (!sessions.has(session) && oldest !== undefined && sequence === oldest[1]) sessions.delete(oldest[0]);
	sessions.delete(session);
	sessions.set(session, sequence);
	return sequence;
}

async function readInto(model: LlamaModel, sequence: LlamaContextSequence, prompt: string): Promise<Read> {
	const tokens: Token[] = model.tokenize(prompt, true);
	const begun = { ms: performance.now(), processorMs: processorMs([process.pid]) };
	await sequence.adaptStateToTokens(tokens, false);
	const rest = tokens.slice(sequence.nextTokenIndex);
	if (rest.length > 0) await sequence.evaluateWithoutGeneratingNewTokens(rest);
	return {
		promptTokens: tokens.length,
		computedTokens: rest.length,
		ms: performance.now() - begun.ms,
		processorMs: processorMs([process.pid]) - begun.processorMs,
	};
}

interface ServerReply {
	readonly tokens_evaluated: number;
	readonly timings: { readonly prompt_n: number };
}

/** @param program llama.cpp's server, of the same sources as the engine */
export async function openLlamaServer(program: string, { modelPath, contextTokens, slots, threads }: PeerOptions): Promise<Peer> {
	const port = await freePort();
	const size = ['-c', String(contextTokens * slots), '-np', String(slots), '-t', String(threads), '-tb', String(threads)];
	const cache = ['-fa', 'on', '-ctk', 'q8_0', '-ctv', 'q8_0', '--no-warmup', '--no-webui'];
	const child = spawn(program, ['-m', modelPath, '--host', '127.0.0.1', '--port', String(port), ...size, ...cache], { stdio: 'ignore' });
	const gone = once(child, 'exit');
	const url = `http://127.0.0.1:${port}`;
	while (!(await answers(`${url}/health`))) {
		if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
		await delay(100);
	}
	const pids = [child.pid ?? 0];
	return {
		name: 'llama-server',
		async read(_session, prompt) {
			const begun = { ms: performance.now(), processorMs: processorMs(pids) };
			const body = JSON.stringify({ prompt, n_predict: 1, cache_prompt: true, temperature: 0 });
			const response = await fetch(`${url}/completion`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
			if (!response.ok) throw new Error(`llama.cpp's server answered ${response.status}: ${await response.text()}`);
			const { tokens_evaluated: promptTokens, timings } = (await response.json()) as ServerReply;
			return {
				promptTokens,
				computedTokens: timings.prompt_n,
				ms: performance.now() - begun.ms,
				processorMs: processorMs(pids) - begun.processorMs,
			};
		},
		async close() {
			child.kill('SIGTERM');
			await gone;
		},
	};
}
