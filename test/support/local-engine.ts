/** A real local engine for tests, on one thread: on a shared machine a second one only spins. */

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { modelsDir } from '../../appliance/config/places.ts';
import type { Conversation, Message, ToolDefinition } from '../../appliance/protocol/conversation.ts';
import type { LocalEngine, LocalRequest } from '../../appliance/protocol/ports.ts';
import type { StreamPart, Usage } from '../../appliance/protocol/stream.ts';
import { createLocalEngine, type LocalEngineOptions } from '../../appliance/provider/local/local-engine.ts';

export type TestEngine = ReturnType<typeof createLocalEngine>;

export function smallModel(): string {
	const file = join(modelsDir(process.env, homedir()), 'smollm2-135m-instruct-q4_1.gguf');
	if (!existsSync(file)) throw new Error(`${file} is missing: \`npm start\` or \`innerloop model get\` puts it there`);
	return file;
}

export function openEngine(modelPath: string, options: Partial<LocalEngineOptions> = {}): TestEngine {
	const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
	const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
	return createLocalEngine({
		modelPath,
		slots: 2,
		contextTokens: 2_048,
		threads: 1,
		queueLength: 4,
		prefillChunkTokens: 64,
		log: silent,
		clock,
		...options,
	});
}

export async function untilReady(engine: LocalEngine): Promise<void> {
	await until(() => {
		const { state, detail } = engine.status();
		if (state === 'failed' || state === 'absent') throw new Error(`the engine is ${state}: ${detail}`);
		return state === 'ready';
	});
}

export async function until(isTrue: () => boolean): Promise<void> {
	while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function conversation(messages: readonly Message[], parts: Partial<Conversation> = {}): Conversation {
	return {
		messages,
		tools: [],
		toolChoice: 'auto',
		isParallelToolUseAllowed: false,
		outputCapTokens: undefined,
		temperature: undefined,
		topP: undefined,
		topK: undefined,
		seed: 1,
		stopSequences: [],
		outputSchema: undefined,
		...parts,
	};
}

export function says(role: Message['role'], text: string): Message {
	return { role, content: [{ type: 'text', text }] };
}

export function calls(id: string, name: string, input: Readonly<Record<string, string>>): Message {
	return { role: 'assistant', content: [{ type: 'tool-call', id, name, input }] };
}

export function returns(callId: string, text: string): Message {
	return { role: 'user', content: [{ type: 'tool-result', callId, name: undefined, isError: false, content: [{ type: 'text', text }] }] };
}

export function request(asked: Conversation, parts: Partial<LocalRequest> = {}): LocalRequest {
	return {
		callId: 'call-1',
		memberId: 'member-1',
		affinityKey: 'session-1',
		conversation: asked,
		allowedTools: undefined,
		maxOutputTokens: 48,
		signal: new AbortController().signal,
		...parts,
	};
}

export interface Answer {
	readonly parts: readonly StreamPart[];
	readonly text: string;
	readonly calls: readonly { readonly name: string; readonly input: unknown }[];
	readonly finish: Extract<StreamPart, { type: 'finish' }>;
	readonly usage: Usage;
}

export async function answered(engine: LocalEngine, asked: Conversation, parts: Partial<LocalRequest> = {}): Promise<Answer> {
	const seen: StreamPart[] = [];
	for await (const part of engine.answer(request(asked, parts))) seen.push(part);
	const finish = seen.at(-1);
	if (finish?.type !== 'finish') throw new Error('the answer ended without its finish');
	const names = seen.flatMap((part) => (part.type === 'tool-call-start' ? [part.name] : []));
	const inputs = seen.flatMap((part) => (part.type === 'tool-call-delta' ? [JSON.parse(part.json) as unknown] : []));
	return {
		parts: seen,
		text: seen.map((part) => (part.type === 'text-delta' ? part.text : '')).join(''),
		calls: names.map((name, index) => ({ name, input: inputs[index] })),
		finish,
		usage: finish.usage,
	};
}

/** The read-only tools of a coding agent, with schemas like theirs. */
export const AGENT_TOOLS: readonly ToolDefinition[] = [
	tool(
		'Read',
		'Reads a file from the local filesystem.',
		{ file_path: { type: 'string' }, offset: { type: 'integer', minimum: 0 }, limit: { type: 'integer', minimum: 1 } },
		['file_path'],
	),
	tool(
		'Grep',
		'Searches file contents with a regular expression.',
		{ pattern: { type: 'string' }, path: { type: 'string' }, output_mode: { enum: ['content', 'files_with_matches', 'count'] } },
		['pattern'],
	),
	tool('Glob', 'Finds files by a name pattern.', { pattern: { type: 'string' }, path: { type: 'string' } }, ['pattern']),
	tool('LS', 'Lists a directory.', { path: { type: 'string' } }, ['path']),
	tool('WebSearch', 'Searches the web.', { query: { type: 'string' } }, ['query']),
];

function tool(name: string, description: string, properties: ToolDefinition['inputSchema'], required: readonly string[]): ToolDefinition {
	return { name, description, inputSchema: { type: 'object', properties, required, additionalProperties: false } };
}
