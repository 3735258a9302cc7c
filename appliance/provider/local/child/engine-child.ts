/** Entry of the engine child: takes calls over IPC, answers them, and may die without taking the service along. */

import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../../../protocol/problem.ts';
import type { FromChild, Measurement, PlainProblem, ToChild } from '../messages.ts';
import { answerCall, countPrompt } from './answer-call.ts';
import type { CacheTypes } from './cache-types.ts';
import { type ChildEngine, openChildEngine } from './child-engine.ts';
import { openPrefixStore } from './open-prefix-store.ts';
import { Canceled } from './slot.ts';
import { warmUp } from './warm-up.ts';

/** The service's event loop must stay quick while all cores decode. */
const NICENESS = 10;
/** When memory runs out, the kernel takes this process and leaves the service. */
const OOM_SCORE_ADJUSTMENT = '800';
const LONGEST_OPENING_MS = 3_000;
const LONGEST_FLUSH_MS = 1_500;
const MEMORY_REPORT_MS = 5_000;

let engine: ChildEngine | undefined;
const canceled = new Set<number>();
const running = new Set<number>();

function send(message: FromChild): void {
	if (process.connected) process.send?.(message);
}

function yieldToOthers(): void {
	tryTo('to give other processes the processor first', () => setPriority(NICENESS));
	tryTo('to take this process first when memory runs out', () => writeFileSync('/proc/self/oom_score_adj', OOM_SCORE_ADJUSTMENT));
}

/** A sandbox may forbid either; the engine works without. */
function tryTo(purpose: string, ask: () => void): void {
	try {
		ask();
	} catch (error) {
		send({ type: 'log', level: 'info', message: `The kernel cannot be told ${purpose}: ${String(error)}` });
	}
}

async function load(message: Extract<ToChild, { type: 'load' }>): Promise<void> {
	try {
		const opened = await openChildEngine(message.settings, (text) => send({ type: 'log', level: 'warn', message: text.trim() }));
		await warmUp(opened, (measurement) => send({ type: 'measured', measurement }));
		engine = opened;
		await globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'async' });
		const opening = openPrefixStore(opened, message.settings, (text) => send({ type: 'log', level: 'info', message: text }));
		// Hashing a new model takes longer: calls are answered meanwhile.
		await Promise.race([opening, pause(LONGEST_OPENING_MS)]);
		const { modelName, context } = opened;
		const loaded = {
			model: modelName,
			contextTokens: context.contextSize,
			slots: context.totalSequences,
			kvCache: nameOf(opened.cache),
			kvCacheReason: opened.cache.reason,
		};
		send({ type: 'ready', loaded });
		reportMemory();
		setInterval(reportMemory, MEMORY_REPORT_MS).unref();
	} catch (error) {
		send({ type: 'load-failed', message: error instanceof Error ? error.message : String(error) });
	}
}

/** What waits to be stored is stored: the parent waits two seconds, and then forces the end. */
async function stop(): Promise<void> {
	try {
		await Promise.race([engine?.prefix.flush(), pause(LONGEST_FLUSH_MS)]);
		engine?.prefix.close();
	} finally {
		process.exit(0);
	}
}

function nameOf({ keys, values, slidingWindows }: CacheTypes): string {
	const types = keys === values ? keys : `${keys}/${values}`;
	return slidingWindows === undefined ? types : `${types}, sliding windows ${slidingWindows}`;
}

function reportMemory(): void {
	send({ type: 'memory', rssBytes: process.memoryUsage.rss() });
}

async function answer({ job, request }: Extract<ToChild, { type: 'answer' }>): Promise<void> {
	running.add(job);
	try {
		await answerCall(loadedEngine(), request, {
			isCanceled: () => canceled.has(job),
			emit: (part) => send({ type: 'part', job, part }),
			onMeasured: measured,
			onPromptSize: (bytes, tokens) => send({ type: 'prompt-size', bytes, tokens }),
		});
		send({ type: 'ended', job });
	} catch (error) {
		send({ type: 'failed', job, problem: plain(error) });
	} finally {
		running.delete(job);
		canceled.delete(job);
	}
}

function measured(measurement: Measurement): void {
	engine?.tune(measurement);
	send({ type: 'measured', measurement });
}

function count({ job, conversation }: Extract<ToChild, { type: 'count' }>): void {
	try {
		send({ type: 'counted', job, tokens: countPrompt(loadedEngine(), conversation) });
	} catch (error) {
		send({ type: 'failed', job, problem: plain(error) });
	}
}

function loadedEngine(): ChildEngine {
	if (engine === undefined) throw new Problem('local-failed', 'The local model is not loaded.', { isRetryable: true });
	return engine;
}

function plain(error: unknown): PlainProblem {
	if (error instanceof Canceled) return { code: 'canceled', message: 'The call was canceled.', isRetryable: false, details: {} };
	const { code, message, isRetryable, details } = Problem.from(error, 'local-failed');
	return { code, message, isRetryable, details };
}

process.on('message', (message: ToChild) => {
	if (message.type === 'load') void load(message);
	else if (message.type === 'answer') void answer(message);
	else if (message.type === 'count') count(message);
	else if (message.type === 'cancel' && running.has(message.job)) canceled.add(message.job);
	else if (message.type === 'stop') void stop();
});
// The parent is gone: nobody will read an answer, and nobody would end this process.
process.on('disconnect', () => void stop());
yieldToOthers();
