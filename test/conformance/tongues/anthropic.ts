/** Messages, as a client writes and reads it. */

import { definite, eventsOf, parse, schemaOf, type Talk, type Told, type Tongue, type Turn, type Wire } from '../talk.ts';

const image = (data: string) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });
const pdf = (data: string) => ({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } });
const text = (value: string) => ({ type: 'text', text: value });
const MARK = { cache_control: { type: 'ephemeral' } };

function writeTurn(turn: Turn, isMarked: boolean): Wire {
	if (turn.by === 'system' || turn.by === 'developer') return { role: 'system', content: turn.text };
	if (turn.by === 'user') {
		const media = [...(turn.image === undefined ? [] : [image(turn.image)]), ...(turn.pdf === undefined ? [] : [pdf(turn.pdf)])];
		return { role: 'user', content: [...media, { ...text(turn.text), ...(isMarked ? MARK : {}) }] };
	}
	if (turn.by === 'tools') {
		const content = turn.results.map((one) => ({
			type: 'tool_result',
			tool_use_id: one.id,
			content: [text(one.text), ...(one.image === undefined ? [] : [image(one.image)])],
		}));
		return { role: 'user', content };
	}
	const calls = (turn.calls ?? []).map(({ id, name, input }) => ({ type: 'tool_use', id, name, input }));
	return { role: 'assistant', content: [...(turn.text === undefined ? [] : [text(turn.text)]), ...calls] };
}

function write(talk: Talk, model: string, isStream: boolean): object {
	const opening = talk.turns.findIndex(({ by }) => by !== 'system' && by !== 'developer');
	const system = talk.turns.slice(0, opening).map((turn) => text('text' in turn ? (turn.text ?? '') : ''));
	const rest = talk.turns.slice(opening);
	const choice =
		talk.choice === undefined ? { type: 'auto' } : talk.choice === 'any' ? { type: 'any' } : { type: 'tool', name: talk.choice };
	return definite({
		model,
		max_tokens: 2_000,
		stream: isStream || undefined,
		system,
		messages: rest.map((turn, index) => writeTurn(turn, talk.hasCacheMark === true && index === rest.length - 1)),
		tools: (talk.tools ?? []).map((name) => ({ name, description: 'A tool.', input_schema: { type: 'object', properties: {} } })),
		tool_choice:
			talk.choice === undefined && !talk.isSingle
				? undefined
				: { ...choice, ...(talk.isSingle ? { disable_parallel_tool_use: true } : {}) },
		output_config:
			talk.schema === undefined && talk.effort === undefined
				? undefined
				: definite({
						effort: talk.effort,
						format: talk.schema === undefined ? undefined : { type: 'json_schema', schema: schemaOf(talk.schema) },
					}),
		thinking: talk.effort === undefined ? undefined : { type: 'adaptive' },
		stop_sequences: talk.stops,
		temperature: talk.temperature,
		top_p: talk.topP,
		top_k: talk.topK,
		metadata: talk.userId === undefined ? undefined : { user_id: talk.userId },
		...(talk.unknown === undefined ? {} : { [talk.unknown]: { a: 1 } }),
	});
}

function hearTurn({ role, content }: Wire): Turn[] {
	const blocks: Wire[] = typeof content === 'string' ? [text(content)] : content;
	const of = (type: string) => blocks.filter((block) => block.type === type);
	const said = of('text')
		.map((block) => block.text)
		.join('\n');
	if (role === 'assistant') {
		const calls = of('tool_use').map(({ id, name, input }) => ({ id, name, input }));
		return [definite({ by: 'assistant', text: said === '' ? undefined : said, calls }) as Turn];
	}
	const results = of('tool_result').map((one) => {
		const inner: Wire[] = typeof one.content === 'string' ? [text(one.content)] : (one.content ?? []);
		const shown = inner.find((block) => block.type === 'image')?.source.data;
		return definite({ id: one.tool_use_id, text: inner.find((block) => block.type === 'text')?.text ?? '', image: shown });
	});
	const media = { image: of('image')[0]?.source.data, pdf: of('document')[0]?.source.data };
	const words =
		said === '' && media.image === undefined && media.pdf === undefined ? [] : [definite({ by: 'user', text: said, ...media }) as Turn];
	return role === 'system' ? [{ by: 'system', text: said }] : [...(results.length > 0 ? [{ by: 'tools', results } as Turn] : []), ...words];
}

function hear(body: Wire): Talk {
	const choice = body.tool_choice ?? {};
	const format = body.output_config?.format?.schema;
	return definite({
		turns: [...(body.system ?? []).map((block: Wire) => ({ by: 'system', text: block.text }) as Turn), ...body.messages.flatMap(hearTurn)],
		tools: (body.tools ?? []).map((tool: Wire) => tool.name),
		choice: choice.type === 'any' ? 'any' : choice.name,
		isSingle: choice.disable_parallel_tool_use === true ? true : undefined,
		schema: format === undefined ? undefined : Object.keys(format.properties)[0],
		stops: body.stop_sequences,
		temperature: body.temperature,
		topP: body.top_p,
		topK: body.top_k,
		effort: body.output_config?.effort,
		hasCacheMark: JSON.stringify(body).includes('cache_control') ? true : undefined,
		userId: body.metadata?.user_id,
		unknown: 'frobnicate' in body ? 'frobnicate' : undefined,
	}) as Talk;
}

const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', tool_use: 'calls', max_tokens: 'length' };

function toldOf(content: Wire[], stopReason: string, usage: Wire): Told {
	const join = (type: string, key: string) =>
		content
			.filter((block) => block.type === type)
			.map((block) => block[key])
			.join('');
	return {
		text: join('text', 'text'),
		thinking: join('thinking', 'thinking'),
		calls: content.filter((block) => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, input })),
		finish: FINISH[stopReason] ?? stopReason,
		input: usage.input_tokens ?? 0,
		cacheRead: usage.cache_read_input_tokens ?? 0,
		cacheWrite: usage.cache_creation_input_tokens ?? 0,
		uncached: (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
		output: usage.output_tokens ?? 0,
	};
}

/** Strict about the order of events, since clients are. */
function readStream(wire: string): Told | undefined {
	const blocks: Wire[] = [];
	let open = -1;
	let usage: Wire = {};
	let reason: string | undefined;
	for (const event of eventsOf(wire)) {
		if (event.type === 'message_start') usage = { ...event.message.usage };
		if (event.type === 'content_block_start') {
			if (open >= 0 || event.index !== blocks.length) throw new Error('a block begins inside another one, or out of order');
			open = event.index;
			blocks.push({ ...event.content_block, json: '' });
		}
		const block = blocks[event.index];
		if (event.type === 'content_block_delta') {
			if (event.index !== open) throw new Error('a delta of a block that is not open');
			block.text += event.delta.text ?? '';
			block.thinking += event.delta.thinking ?? '';
			block.json += event.delta.partial_json ?? '';
		}
		if (event.type === 'content_block_stop') {
			if (block.type === 'tool_use') block.input = block.json === '' ? {} : JSON.parse(block.json);
			open = -1;
		}
		if (event.type === 'message_delta') {
			reason = event.delta.stop_reason;
			usage = { ...usage, ...event.usage };
		}
	}
	const isWhole = wire.includes('"type":"message_stop"') && reason !== undefined && open < 0;
	return isWhole ? toldOf(blocks, reason ?? '', usage) : undefined;
}

export const anthropicTongue: Tongue = {
	name: 'anthropic',
	path: '/v1/messages',
	write,
	hear,
	read(wire, isStream) {
		if (isStream) return readStream(wire);
		const reply = JSON.parse(wire);
		return reply.type === 'message' ? toldOf(reply.content, reply.stop_reason, reply.usage) : undefined;
	},
	goOn(body: Wire, reply) {
		const { content } = JSON.parse(reply);
		const results = content
			.filter((block: Wire) => block.type === 'tool_use')
			.map(({ id }: Wire) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' }));
		return { ...body, messages: [...body.messages, { role: 'assistant', content }, { role: 'user', content: results }] };
	},
	readError(wire) {
		const reply = parse(wire);
		return reply.type === 'error' && typeof reply.error.type === 'string' ? reply.error.message : undefined;
	},
};
