/** The loaded model with everything that answering needs: template, syntax, vocabulary, slots. */

import { randomBytes, randomInt } from 'node:crypto';
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { Conversation } from '../../../protocol/conversation.ts';
import type { EngineSettings, Measurement } from '../messages.ts';
import { ChatTemplate } from '../prompt/chat-template.ts';
import type { PromptTools } from '../prompt/prepare-prompt.ts';
import { syntaxFor, thinkingMarksFor } from '../tools/choose-syntax.ts';
import type { ToolSyntax } from '../tools/tool-syntax.ts';
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
	readonly vocabulary: Vocabulary;
	readonly syntax: ToolSyntax;
	readonly promptTools: PromptTools;
	readonly thinkingMarks: { readonly open: string; readonly close: string } | undefined;
	readonly slots: SlotPool;
	readonly chunkTokens: number;
	/** Undefined when the configuration fixed the number of threads. */
	readonly tuner: ThreadTuner | undefined;
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
	return {
		...loaded,
		tuner,
		tune: ({ kind, tokens, durationMs }) => {
			if (tuner === undefined || kind !== 'decode') return;
			tuner.observe((tokens * 1_000) / durationMs, performance.now());
			setThreads(context, tuner.threads);
		},
		vocabulary,
		syntax,
		promptTools: { template, syntax, controlTexts: vocabulary.controlTexts, newMark },
		thinkingMarks: thinkingMarksFor(template.source),
		slots: new SlotPool(context),
		chunkTokens: settings.prefillChunkTokens,
		samplingOf,
	};
}

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
