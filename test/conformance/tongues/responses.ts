/** Responses, as a client writes and reads it. */

import { definite, eventsOf, parse, schemaOf, type Talk, type Told, type Tongue, type ToolCall, type Turn, type Wire } from '../talk.ts';

const image = (data: string) => ({ type: 'input_image', image_url: `data:image/png;base64,${data}` });
const pdf = (data: string) => ({ type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${data}` });
const base64Of = (url: string | undefined) => url?.slice(url.indexOf(',') + 1);
const said = (text: string) => ({ type: 'input_text', text });

function writeCall({ id, name, input }: ToolCall): Wire {
	if (typeof input === 'string') return { type: 'custom_tool_call', call_id: id, name, input };
	return { type: 'function_call', call_id: id, name, arguments: JSON.stringify(input) };
}

function writeTurn(turn: Turn, freeform: ReadonlySet<string>): Wire[] {
	if (turn.by === 'system' || turn.by === 'developer') return [{ type: 'message', role: turn.by, content: [said(turn.text)] }];
	if (turn.by === 'user') {
		const media = [...(turn.image === undefined ? [] : [image(turn.image)]), ...(turn.pdf === undefined ? [] : [pdf(turn.pdf)])];
		return [{ type: 'message', role: 'user', content: [...media, said(turn.text)] }];
	}
	if (turn.by === 'tools') {
		return turn.results.map(({ id, text, image: shown }) => ({
			type: freeform.has(id) ? 'custom_tool_call_output' : 'function_call_output',
			call_id: id,
			output: shown === undefined ? text : [said(text), image(shown)],
		}));
	}
	const words =
		turn.text === undefined ? [] : [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: turn.text }] }];
	return [...words, ...(turn.calls ?? []).map(writeCall)];
}

function write(talk: Talk, model: string, isStream: boolean): object {
	const calls = talk.turns.flatMap((turn) => (turn.by === 'assistant' ? (turn.calls ?? []) : []));
	const freeform = new Set(calls.filter(({ input }) => typeof input === 'string').map(({ id }) => id));
	const functions = (talk.tools ?? []).map((name) => ({
		type: 'function',
		name,
		description: 'A tool.',
		parameters: { type: 'object', properties: {} },
	}));
	const custom = talk.freeformTool === undefined ? [] : [{ type: 'custom', name: talk.freeformTool, description: 'Takes text.' }];
	return definite({
		model,
		max_output_tokens: 2_000,
		stream: isStream || undefined,
		store: false,
		input: talk.turns.flatMap((turn) => writeTurn(turn, freeform)),
		tools: [...functions, ...custom],
		tool_choice: talk.choice === undefined ? undefined : talk.choice === 'any' ? 'required' : { type: 'function', name: talk.choice },
		parallel_tool_calls: talk.isSingle ? false : undefined,
		text:
			talk.schema === undefined
				? undefined
				: { format: { type: 'json_schema', name: 'answer', schema: schemaOf(talk.schema), strict: true } },
		temperature: talk.temperature,
		top_p: talk.topP,
		reasoning: talk.effort === undefined ? undefined : { effort: talk.effort, summary: 'auto' },
		include: talk.effort === undefined ? undefined : ['reasoning.encrypted_content'],
		prompt_cache_key: talk.cacheKey,
		user: talk.userId,
		...(talk.unknown === undefined ? {} : { [talk.unknown]: { a: 1 } }),
	});
}

function readCall(item: Wire): ToolCall {
	return { id: item.call_id, name: item.name, input: item.type === 'custom_tool_call' ? item.input : JSON.parse(item.arguments || '{}') };
}

const isCall = ({ type }: Wire) => type === 'function_call' || type === 'custom_tool_call';

function textIn(content: Wire): string {
	if (typeof content === 'string') return content;
	return content
		.filter((part: Wire) => typeof part.text === 'string')
		.map((part: Wire) => part.text)
		.join('\n');
}

function addItem(turns: Turn[], item: Wire): void {
	const last = turns.at(-1);
	if (isCall(item)) {
		if (last?.by === 'assistant') turns[turns.length - 1] = { ...last, calls: [...(last.calls ?? []), readCall(item)] };
		else turns.push({ by: 'assistant', calls: [readCall(item)] });
	} else if (item.type?.endsWith('_output')) {
		const shown = Array.isArray(item.output)
			? base64Of(item.output.find((part: Wire) => part.type === 'input_image')?.image_url)
			: undefined;
		const result = definite({ id: item.call_id, text: textIn(item.output), image: shown });
		if (last?.by === 'tools') turns[turns.length - 1] = { by: 'tools', results: [...last.results, result] };
		else turns.push({ by: 'tools', results: [result] });
	} else if (item.role === 'assistant') turns.push({ by: 'assistant', text: textIn(item.content) });
	else if (item.role === 'user') {
		const parts: Wire[] = typeof item.content === 'string' ? [] : item.content;
		const shown = base64Of(parts.find((part) => part.type === 'input_image')?.image_url);
		const read = base64Of(parts.find((part) => part.type === 'input_file')?.file_data);
		turns.push(definite({ by: 'user', text: textIn(item.content), image: shown, pdf: read }) as Turn);
	} else if (item.role !== undefined) turns.push({ by: item.role, text: textIn(item.content) });
}

function hear(body: Wire): Talk {
	const turns: Turn[] = body.instructions ? [{ by: 'system', text: body.instructions }] : [];
	for (const item of typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input) addItem(turns, item);
	const format = body.text?.format?.schema;
	return definite({
		turns,
		tools: (body.tools ?? []).flatMap((tool: Wire) => (tool.type === 'function' ? [tool.name] : [])),
		freeformTool: (body.tools ?? []).find((tool: Wire) => tool.type === 'custom')?.name,
		choice: body.tool_choice === 'required' ? 'any' : body.tool_choice?.name,
		isSingle: body.parallel_tool_calls === false ? true : undefined,
		schema: format === undefined ? undefined : Object.keys(format.properties)[0],
		temperature: body.temperature,
		topP: body.top_p,
		effort: body.reasoning?.effort,
		cacheKey: body.prompt_cache_key,
		userId: body.user ?? body.safety_identifier,
		unknown: 'frobnicate' in body ? 'frobnicate' : undefined,
	}) as Talk;
}

function toldOf({ output, status, usage }: Wire): Told {
	const calls = output.filter(isCall).map(readCall);
	const of = (type: string) => output.filter((item: Wire) => item.type === type);
	const cached = usage?.input_tokens_details?.cached_tokens ?? 0;
	return {
		text: of('message')
			.map((item: Wire) => textIn(item.content))
			.join(''),
		thinking: of('reasoning')
			.map((item: Wire) => textIn(item.summary))
			.join(''),
		calls,
		finish: status === 'incomplete' ? 'length' : calls.length > 0 ? 'calls' : 'stop',
		input: (usage?.input_tokens ?? 0) - cached,
		cacheRead: cached,
		cacheWrite: 0,
		uncached: (usage?.input_tokens ?? 0) - cached,
		output: usage?.output_tokens ?? 0,
	};
}

/** The deltas must add up to what the last event says. */
function readStream(wire: string): Told | undefined {
	const events = eventsOf(wire);
	const last = events.at(-1);
	if (last?.type !== 'response.completed' && last?.type !== 'response.incomplete') return undefined;
	const told = toldOf(last.response);
	const pieces = events
		.filter(({ type }) => type === 'response.output_text.delta')
		.map(({ delta }) => delta)
		.join('');
	if (pieces !== told.text) throw new Error('the deltas of the text are not the text');
	return told;
}

export const responsesTongue: Tongue = {
	name: 'responses',
	path: '/v1/responses',
	write,
	hear,
	read(wire, isStream) {
		if (isStream) return readStream(wire);
		const reply = JSON.parse(wire);
		return reply.object === 'response' ? toldOf(reply) : undefined;
	},
	goOn(body: Wire, reply) {
		const { output } = JSON.parse(reply);
		const results = output
			.filter((item: Wire) => item.type === 'function_call')
			.map((item: Wire) => ({ type: 'function_call_output', call_id: item.call_id, output: 'seen' }));
		return { ...body, input: [...body.input, ...output, ...results] };
	},
	readError(wire) {
		const { error } = parse(wire);
		return typeof error?.message === 'string' ? error.message : undefined;
	},
};
