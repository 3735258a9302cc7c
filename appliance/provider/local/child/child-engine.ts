/** The loaded model with everything that answering needs: template, syntax, vocabulary, slots. */

import { randomBytes, randomInt } from 'node:crypto';
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { Conversation } from '../../../protocol/conversation.ts';
import type { EngineSettings, Measurement } from '../messages.ts';
import { PrefixCache } from '../prefix/prefix-cache.ts';
import { openScratch } from '../prefix/scratch.ts';
import { digestOfText } from '../prefix/token-blocks.ts';
import { ChatTemplate } from '../prompt/chat-template.ts';
import type { PromptTools } from '../prompt/prepare-prompt.ts';
import { syntaxFor, thinkingMarksFor } from '../tools/choose-syntax.ts';
import type { ToolSyntax } from '../tools/tool-syntax.ts';
import { ChunkSize } from './chunk-size.ts';
import type { Sampling } from './decode.ts';
import { type LoadedEngine, loadEngine, setThreads } from './load-model.ts';
import { SlotPool } from './slot-pool.ts';
import { ThreadTuner } from './thread-tuner.ts';
import { Vocabulary } from './vocabulary.ts';

export interface ChildEngine {
	readonly library: LoadedEngine['library'];
	readonly llama: Llama;
	readonly model: LlamaModel;
	readonly context: LlamaContext;
	readonly modelName: string;
	readonly cache: LoadedEngine['cache'];
	readonly cacheVersion: string;
	readonly vocabulary: Vocabulary;
	readonly syntax: ToolSyntax;
	readonly promptTools: PromptTools;
	readonly thinkingMarks: { readonly open: string; readonly close: string } | undefined;
	readonly slots: SlotPool;
	readonly prefix: PrefixCache;
	/** Most tokens of a step of prefill, as long as answers are being written beside it. */
	readonly chunks: ChunkSize;
	/** Undefined when the configuration fixed the number of threads. */
	readonly tuner: ThreadTuner | undefined;
	/** The system text that the configuration calls the team's own. */
	isTeamText(systemText: string): boolean;
	/** Every measurement goes through here; it may change the number of threads. */
	tune(measurement: Measurement): void;
	samplingOf(conversation: Conversation): Sampling;
}

export async function openChildEngine(settings: EngineSettings, onLog: (message: string) => void): Promise<ChildEngine> {
	const loaded = await loadEngine(settings, onLog);
	const { model, context } = loaded;
	const source = model.fileInfo.metadata.tokenizer?.chat_template;
	const template = new ChatTemplate(source, model.tokens.bosString ?? '', model.tokens.eosString ?? '');
	const vocabulary = new Vocabulary(model, template.source);
	const syntax = syntaxFor(template);
	const tuner = settings.threads === undefined ? new ThreadTuner(loaded.llama.cpuMathCores, performance.now()) : undefined;
	const slots = new SlotPool(context, loaded.window);
	const prefix = new PrefixCache(slots.all, {
		scratch: openScratch(),
		ringCells: loaded.window?.cells,
		pointBytes: settings.prefix?.windowStateBytes ?? USUAL_WINDOW_STATE_BYTES,
		onLog,
	});
	const teamPrompts = new Set(settings.prefix?.teamPrompts ?? []);
	const chunks = new ChunkSize(settings.prefillChunkTokens, settings.mostStallMs ?? USUAL_STALL_MS);
	return {
		...loaded,
		tuner,
		prefix,
		chunks,
		isTeamText: (text) => teamPrompts.has(digestOfText(text)),
		tune: ({ kind, tokens, durationMs }) => {
			if (kind === 'prefill') chunks.observe(tokens, durationMs);
			if (tuner === undefined || kind !== 'decode') return;
			tuner.observe((tokens * 1_000) / durationMs, performance.now());
			setThreads(context, tuner.threads);
		},
		vocabulary,
		syntax,
		promptTools: { template, syntax, controlTexts: vocabulary.controlTexts, newMark },
		thinkingMarks: thinkingMarksFor(template.source),
		slots,
		samplingOf,
	};
}

/** Seven states of E2B's windows. */
const USUAL_WINDOW_STATE_BYTES = 24 * 1024 * 1024;
const USUAL_STALL_MS = 2_000;

/** Noncharacter-like private code points around random digits: no caller can have written it. */
function newMark(): string {
	return `\u{F0000}${randomBytes(12).toString('hex')}\u{F0001}`;
}

/** Without a temperature the most likely token is taken: answers of a small model get worse with chance, not better. */
function samplingOf({ temperature, topP, topK, seed }: Conversation): Sampling {
	return { temperature: temperature ?? 0, topP: topP ?? 1, topK: topK ?? USUAL_TOP_K, seed: seed ?? randomInt(2 ** 31) };
}

/** What Gemma's makers name for sampling; the long tail of a vocabulary is noise, and looking at all of it takes time. */
const USUAL_TOP_K = 64;
