/** Small agents on both vendors' SDKs, one a dialect: they call the model, execute its tool calls for real, and go on until it stops. */

import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import type { WorkTool } from './work-tools.ts';

/** A tool call that was executed. */
export interface Executed {
	readonly tool: string;
	readonly input: unknown;
	readonly output: string;
	readonly isError: boolean;
}

export interface AgentRun {
	readonly text: string;
	readonly executed: readonly Executed[];
	readonly turns: number;
}

export interface AgentTask {
	readonly model: string;
	readonly system: string;
	readonly prompt: string;
	readonly tools: readonly WorkTool[];
	readonly maxTurns: number;
	readonly maxTokens: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** Anthropic: asks for the whole prompt to be cached, turn after turn. */
	readonly isCached?: true;
}

async function execute(tools: readonly WorkTool[], name: string, input: unknown): Promise<Executed> {
	const tool = tools.find((candidate) => candidate.name === name);
	const base = { tool: name, input };
	if (tool === undefined) return { ...base, output: `There is no tool ${name}.`, isError: true };
	try {
		return { ...base, output: await tool.execute(input as Readonly<Record<string, unknown>>), isError: false };
	} catch (error) {
		return { ...base, output: String(error), isError: true };
	}
}

/** Streams each turn, as agents do. */
export async function runAnthropicAgent(client: Anthropic, task: AgentTask): Promise<AgentRun> {
	const messages: Anthropic.MessageParam[] = [{ role: 'user', content: task.prompt }];
	const tools = task.tools.map(({ name, description, inputSchema }) => ({
		name,
		description,
		input_schema: { ...inputSchema, required: [...inputSchema.required] },
	}));
	const executed: Executed[] = [];
	for (let turns = 1; ; turns += 1) {
		const cache = task.isCached ? { cache_control: { type: 'ephemeral' as const } } : {};
		const body = { model: task.model, max_tokens: task.maxTokens, system: task.system, messages, tools, ...cache };
		const message = await client.messages.stream(body, { headers: { ...task.headers } }).finalMessage();
		messages.push({ role: 'assistant', content: message.content });
		const results: Anthropic.ToolResultBlockParam[] = [];
		for (const block of message.content) {
			if (block.type !== 'tool_use') continue;
			const done = await execute(task.tools, block.name, block.input);
			executed.push(done);
			results.push({ type: 'tool_result', tool_use_id: block.id, content: done.output, is_error: done.isError });
		}
		if (results.length === 0 || turns === task.maxTurns) {
			const text = message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
			return { text, executed, turns };
		}
		messages.push({ role: 'user', content: results });
	}
}

export async function runOpenAiAgent(client: OpenAI, task: AgentTask): Promise<AgentRun> {
	const messages: OpenAI.ChatCompletionMessageParam[] = [
		{ role: 'system', content: task.system },
		{ role: 'user', content: task.prompt },
	];
	const tools = task.tools.map(({ name, description, inputSchema }) => ({
		type: 'function' as const,
		function: { name, description, parameters: { ...inputSchema } },
	}));
	const executed: Executed[] = [];
	for (let turns = 1; ; turns += 1) {
		const body = { model: task.model, max_completion_tokens: task.maxTokens, messages, tools };
		const completion = await client.chat.completions.stream(body, { headers: { ...task.headers } }).finalChatCompletion();
		const message = completion.choices[0]?.message;
		if (message === undefined) throw new Error('a completion without a choice');
		const calls = message.tool_calls ?? [];
		messages.push({ role: 'assistant', content: message.content, ...(calls.length > 0 ? { tool_calls: calls } : {}) });
		if (calls.length === 0 || turns === task.maxTurns) return { text: message.content ?? '', executed, turns };
		for (const call of calls) {
			if (call.type !== 'function') throw new Error(`a tool call of type ${call.type}`);
			const done = await execute(task.tools, call.function.name, JSON.parse(call.function.arguments));
			executed.push(done);
			messages.push({ role: 'tool', tool_call_id: call.id, content: done.output });
		}
	}
}

/** Keeps its whole history itself, as Codex does. */
export async function runResponsesAgent(client: OpenAI, task: AgentTask): Promise<AgentRun> {
	const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: task.prompt }];
	const tools = task.tools.map(({ name, description, inputSchema }) => ({
		type: 'function' as const,
		name,
		description,
		parameters: { ...inputSchema },
		strict: false,
	}));
	const executed: Executed[] = [];
	for (let turns = 1; ; turns += 1) {
		const body = { model: task.model, max_output_tokens: task.maxTokens, instructions: task.system, input, tools, store: false };
		const response = await client.responses.stream(body, { headers: { ...task.headers } }).finalResponse();
		input.push(...(response.output as OpenAI.Responses.ResponseInput));
		const calls = response.output.filter((item) => item.type === 'function_call');
		if (calls.length === 0 || turns === task.maxTurns) return { text: response.output_text, executed, turns };
		for (const call of calls) {
			const done = await execute(task.tools, call.name, JSON.parse(call.arguments));
			executed.push(done);
			input.push({ type: 'function_call_output', call_id: call.call_id, output: done.output });
		}
	}
}
