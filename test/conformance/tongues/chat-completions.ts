/** Chat Completions, as a client writes and reads it. */

import { definite, eventsOf, parse, schemaOf, type Talk, type Told, type Tongue, type ToolCall, type Turn, type Wire } from '../talk.ts';

const image = (data: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } });
const pdf = (data: string) => ({ type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${data}` } });
const base64Of = (url: string | undefined) => url?.slice(url.indexOf(',') + 1);

const writeCall = ({ id, name, input }: ToolCall) =>
	typeof input === 'string'
		? { id, type: 'custom', custom: { name, input } }
		: { id, type: 'function', function: { name, arguments: JSON.stringify(input) } };

function writeTurn(turn: Turn): Wire[] {
	if (turn.by === 'system' || turn.by === 'developer') return [{ role: turn.by, content: turn.text }];
	if (turn.by === 'tools') return turn.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text }));
	if (turn.by === 'assistant')
		return [definite({ role: 'assistant', content: turn.text ?? null, tool_calls: (turn.calls ?? []).map(writeCall) })];
	const media = [...(turn.image === undefined ? [] : [image(turn.image)]), ...(turn.pdf === undefined ? [] : [pdf(turn.pdf)])];
	return [{ role: 'user', content: media.length === 0 ? turn.text : [...media, { type: 'text', text: turn.text }] }];
}

function write(talk: Talk, model: string, isStream: boolean): object {
	const functions = (talk.tools ?? []).map((name) => ({
		type: 'function',
		function: { name, description: 'A tool.', parameters: { type: 'object', properties: {} } },
	}));
	const custom =
		talk.freeformTool === undefined ? [] : [{ type: 'custom', custom: { name: talk.freeformTool, description: 'Takes text.' } }];
	return definite({
		model,
		max_completion_tokens: 2_000,
		stream: isStream || undefined,
		stream_options: isStream ? { include_usage: true } : undefined,
		messages: talk.turns.flatMap(writeTurn),
		tools: [...functions, ...custom],
		tool_choice:
			talk.choice === undefined ? undefined : talk.choice === 'any' ? 'required' : { type: 'function', function: { name: talk.choice } },
		parallel_tool_calls: talk.isSingle ? false : undefined,
		response_format:
			talk.schema === undefined
				? undefined
				: { type: 'json_schema', json_schema: { name: 'answer', schema: schemaOf(talk.schema), strict: true } },
		stop: talk.stops,
		temperature: talk.temperature,
		top_p: talk.topP,
		seed: talk.seed,
		reasoning_effort: talk.effort,
		prompt_cache_key: talk.cacheKey,
		user: talk.userId,
		...(talk.unknown === undefined ? {} : { [talk.unknown]: { a: 1 } }),
	});
}

function readCall(call: Wire): ToolCall {
	if (call.type === 'custom') return { id: call.id, name: call.custom.name, input: call.custom.input };
	return { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments || '{}') };
}

function hearTurns(messages: Wire[]): Turn[] {
	const turns: Turn[] = [];
	for (const message of messages) {
		const parts: Wire[] = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : (message.content ?? []);
		const said = parts
			.filter((part) => part.type === 'text')
			.map((part) => part.text)
			.join('\n');
		if (message.role === 'tool') {
			const last = turns.at(-1);
			const result = { id: message.tool_call_id, text: said };
			if (last?.by === 'tools') turns[turns.length - 1] = { by: 'tools', results: [...last.results, result] };
			else turns.push({ by: 'tools', results: [result] });
		} else if (message.role === 'assistant') {
			turns.push(
				definite({ by: 'assistant', text: said === '' ? undefined : said, calls: (message.tool_calls ?? []).map(readCall) }) as Turn,
			);
		} else if (message.role === 'user') {
			const shown = base64Of(parts.find((part) => part.type === 'image_url')?.image_url.url);
			const read = base64Of(parts.find((part) => part.type === 'file')?.file.file_data);
			turns.push(definite({ by: 'user', text: said, image: shown, pdf: read }) as Turn);
		} else turns.push({ by: message.role, text: said });
	}
	return turns;
}

function hear(body: Wire): Talk {
	const choice = body.tool_choice;
	const format = body.response_format?.json_schema?.schema;
	return definite({
		turns: hearTurns(body.messages),
		tools: (body.tools ?? []).flatMap((tool: Wire) => (tool.type === 'function' ? [tool.function.name] : [])),
		freeformTool: (body.tools ?? []).find((tool: Wire) => tool.type === 'custom')?.custom.name,
		choice: choice === 'required' ? 'any' : choice?.function?.name,
		isSingle: body.parallel_tool_calls === false ? true : undefined,
		schema: format === undefined ? undefined : Object.keys(format.properties)[0],
		stops: body.stop,
		temperature: body.temperature,
		topP: body.top_p,
		seed: body.seed,
		effort: body.reasoning_effort,
		cacheKey: body.prompt_cache_key,
		userId: body.user,
		unknown: 'frobnicate' in body ? 'frobnicate' : undefined,
	}) as Talk;
}

const FINISH: Readonly<Record<string, string>> = { tool_calls: 'calls' };

function toldOf(message: Wire, finish: string, usage: Wire): Told {
	const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;
	return {
		text: message.content ?? '',
		thinking: message.reasoning_content ?? '',
		calls: (message.tool_calls ?? []).map(readCall),
		finish: FINISH[finish] ?? finish,
		input: (usage?.prompt_tokens ?? 0) - cached,
		cacheRead: cached,
		cacheWrite: 0,
		uncached: (usage?.prompt_tokens ?? 0) - cached,
		output: usage?.completion_tokens ?? 0,
	};
}

function readStream(wire: string): Told | undefined {
	const message: Wire = { content: '', reasoning_content: '', tool_calls: [] };
	let finish: string | undefined;
	let usage: Wire;
	for (const chunk of eventsOf(wire)) {
		usage = chunk.usage ?? usage;
		const [choice] = chunk.choices ?? [];
		if (choice === undefined) continue;
		finish = choice.finish_reason ?? finish;
		message.content += choice.delta.content ?? '';
		message.reasoning_content += choice.delta.reasoning_content ?? '';
		for (const piece of choice.delta.tool_calls ?? []) {
			message.tool_calls[piece.index] ??= { ...piece, function: { name: '', arguments: '' }, custom: { name: '', input: '' } };
			const call = message.tool_calls[piece.index];
			call.function.name += piece.function?.name ?? '';
			call.function.arguments += piece.function?.arguments ?? '';
			call.custom.name += piece.custom?.name ?? '';
			call.custom.input += piece.custom?.input ?? '';
		}
	}
	return wire.trimEnd().endsWith('data: [DONE]') && finish !== undefined ? toldOf(message, finish, usage) : undefined;
}

export const chatTongue: Tongue = {
	name: 'chat-completions',
	path: '/v1/chat/completions',
	write,
	hear,
	read(wire, isStream) {
		if (isStream) return readStream(wire);
		const reply = JSON.parse(wire);
		const [choice] = reply.choices ?? [];
		return choice === undefined ? undefined : toldOf(choice.message, choice.finish_reason, reply.usage);
	},
	goOn(body: Wire, reply) {
		const { message } = JSON.parse(reply).choices[0];
		// What most clients send back: the fields that the dialect's vendor has.
		const { role, content, tool_calls } = message;
		const results = tool_calls.map(({ id }: Wire) => ({ role: 'tool', tool_call_id: id, content: 'seen' }));
		return { ...body, messages: [...body.messages, { role, content, tool_calls }, ...results] };
	},
	readError(wire) {
		const { error } = parse(wire);
		return typeof error?.message === 'string' && 'param' in error && 'code' in error ? error.message : undefined;
	},
};
