/** What a vendor would answer 400 to: held against every call that the box has written anew. */

import type { DialectName } from '../../appliance/protocol/words.ts';
import type { Wire } from './talk.ts';

const FIELDS: Readonly<Record<DialectName, string>> = {
	anthropic:
		'model max_tokens system messages tools tool_choice thinking output_config temperature top_p top_k stop_sequences metadata cache_control stream',
	'chat-completions':
		'model max_completion_tokens messages tools tool_choice parallel_tool_calls response_format reasoning_effort temperature top_p seed frequency_penalty presence_penalty stop user verbosity prompt_cache_key stream stream_options',
	responses:
		'model max_output_tokens instructions input tools tool_choice parallel_tool_calls text reasoning include temperature top_p user safety_identifier prompt_cache_key stream store metadata',
};

/** Undefined for a call that the vendor would take. */
export function faultIn(dialect: DialectName, body: Wire): string | undefined {
	const known = FIELDS[dialect].split(' ');
	const unknown = Object.keys(body).find((name) => !known.includes(name));
	if (unknown !== undefined) return `unknown field ${unknown}`;
	if (dialect === 'anthropic') return faultInMessages(body);
	return dialect === 'responses' ? faultInItems(body.input) : faultInChat(body);
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

function faultInMessages({ messages, thinking, tool_choice: choice, temperature, tools = [] }: Wire): string | undefined {
	const isThinking = thinking !== undefined && thinking.type !== 'disabled';
	if (isThinking && temperature !== undefined) return 'temperature with thinking';
	if (isThinking && (choice?.type === 'any' || choice?.type === 'tool')) return 'a forced tool with thinking';
	if (tools.some((tool: Wire) => tool.input_schema?.type !== 'object')) return 'a tool whose schema is no object';
	let asked: string[] = [];
	for (const [index, { role, content }] of messages.entries()) {
		if (role !== (index % 2 === 0 ? 'user' : 'assistant')) return `message ${index} is of ${role}`;
		if (content.length === 0 || content.some((block: Wire) => block.type === 'text' && block.text === '')) return 'an empty content';
		const answered = content.filter((block: Wire) => block.type === 'tool_result').map((block: Wire) => block.tool_use_id);
		if (answered.join() !== asked.join()) return `calls ${asked} are answered by ${answered}`;
		if (content.slice(0, answered.length).some((block: Wire) => block.type !== 'tool_result')) return 'something stands before the results';
		asked = content.filter((block: Wire) => block.type === 'tool_use').map((block: Wire) => block.id);
		if (asked.some((id) => !/^[a-zA-Z0-9_-]+$/.test(id))) return `an id ${asked}`;
	}
	return undefined;
}

const MESSAGE_FIELDS = ['role', 'content', 'tool_calls', 'tool_call_id', 'name', 'refusal'];

function faultInChat({ messages, tools = [], stop = [] }: Wire): string | undefined {
	if (stop.length > 4) return 'more than four stops';
	if (tools.some((tool: Wire) => !NAME.test((tool.function ?? tool.custom).name))) return 'a name of a tool';
	let open: string[] = [];
	for (const message of messages) {
		const extra = Object.keys(message).find((key) => !MESSAGE_FIELDS.includes(key));
		if (extra !== undefined) return `a message with ${extra}`;
		if (message.role === 'tool') {
			if (!open.includes(message.tool_call_id)) return `a result of ${message.tool_call_id}, which nobody called`;
			if (typeof message.content !== 'string') return 'a result that is no text';
			open = open.filter((id) => id !== message.tool_call_id);
			continue;
		}
		if (open.length > 0) return `calls ${open} without a result`;
		if (!['system', 'developer', 'user', 'assistant'].includes(message.role)) return `a message of ${message.role}`;
		open = (message.tool_calls ?? []).map(({ id }: Wire) => id);
	}
	return undefined;
}

function faultInItems(items: Wire): string | undefined {
	if (typeof items === 'string') return undefined;
	const calls = items.filter(({ type }: Wire) => type === 'function_call' || type === 'custom_tool_call').map((item: Wire) => item.call_id);
	const results = items.filter(({ type }: Wire) => type?.endsWith('_call_output')).map((item: Wire) => item.call_id);
	if ([...calls].sort().join() !== [...results].sort().join()) return `calls ${calls} are answered by ${results}`;
	const foreign = items.find(
		({ type }: Wire) => !/^(?:message|reasoning|(?:function|custom_tool)_call(?:_output)?)$/.test(type ?? 'message'),
	);
	return foreign === undefined ? undefined : `an item ${foreign.type}`;
}
