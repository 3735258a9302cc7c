/** The same calls in the other dialects: what an agent of that dialect would send, of the same size. */

import type { DialectName } from '../../appliance/protocol/words.ts';
import { type BodyName, makeBody } from './bodies.ts';

interface Block {
	readonly type: string;
	readonly text?: string;
	readonly id?: string;
	readonly name?: string;
	readonly input?: unknown;
	readonly tool_use_id?: string;
	readonly content?: string;
}

/** A body of bodies.ts. */
interface Messages {
	readonly model: string;
	readonly max_tokens: number;
	readonly stream?: boolean;
	readonly system?: readonly Block[];
	readonly tools?: readonly { readonly name: string; readonly description: string; readonly input_schema: unknown }[];
	readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
}

export const MODELS: Readonly<Record<DialectName, string>> = {
	anthropic: 'claude-sonnet-4-6',
	'chat-completions': 'bench-chat',
	responses: 'bench-responses',
};

export function bodyIn(dialect: DialectName, name: BodyName): Buffer {
	const body = makeBody(name);
	if (dialect === 'anthropic') return body;
	const call = JSON.parse(body.toString('utf8')) as Messages;
	return Buffer.from(JSON.stringify(dialect === 'responses' ? toResponses(call) : toChat(call)));
}

const blocksOf = (content: string | readonly Block[]): readonly Block[] =>
	typeof content === 'string' ? [{ type: 'text', text: content }] : content;

function toChat({ max_tokens, stream, system = [], tools = [], messages }: Messages) {
	const turns = messages.flatMap(({ role, content }) =>
		blocksOf(content).map((block) => {
			if (block.type === 'tool_result') return { role: 'tool', tool_call_id: block.tool_use_id, content: block.content };
			if (block.type !== 'tool_use') return { role, content: block.text };
			const call = { id: block.id, type: 'function', function: { name: block.name, arguments: JSON.stringify(block.input) } };
			return { role, content: null, tool_calls: [call] };
		}),
	);
	const functions = tools.map(({ name, description, input_schema }) => ({
		type: 'function',
		function: { name, description, parameters: input_schema },
	}));
	return {
		model: MODELS['chat-completions'],
		messages: [...system.map(({ text }) => ({ role: 'system', content: text })), ...turns],
		...(functions.length > 0 ? { tools: functions } : {}),
		max_completion_tokens: max_tokens,
		...(stream === true ? { stream } : {}),
	};
}

function toResponses({ max_tokens, stream, system = [], tools = [], messages }: Messages) {
	const input = messages.flatMap(({ role, content }) =>
		blocksOf(content).map((block) => {
			if (block.type === 'tool_result') return { type: 'function_call_output', call_id: block.tool_use_id, output: block.content };
			if (block.type === 'tool_use')
				return { type: 'function_call', call_id: block.id, name: block.name, arguments: JSON.stringify(block.input) };
			return { type: 'message', role, content: [{ type: 'input_text', text: block.text }] };
		}),
	);
	const functions = tools.map(({ name, description, input_schema }) => ({ type: 'function', name, description, parameters: input_schema }));
	return {
		model: MODELS.responses,
		...(system.length > 0 ? { instructions: system.map(({ text }) => text).join('\n') } : {}),
		input,
		...(functions.length > 0 ? { tools: functions } : {}),
		max_output_tokens: max_tokens,
		store: false,
		...(stream === true ? { stream } : {}),
	};
}
