/** Finds the texts of tool results in a call's body, by the bytes where they stand, and puts others in their place. */

import type { Span } from '../protocol/call.ts';
import { Problem } from '../protocol/problem.ts';
import type { DialectName } from '../protocol/words.ts';
import { parseFields } from './client-headers.ts';
import { type Fields, isFields, textOf } from './fields.ts';
import { scanObject } from './json-scan.ts';
import { applyEdits } from './splice.ts';

/** One text of a result; results that hold anything but text are not among them. */
export interface ResultText {
	/** Of the JSON string, quotes included. */
	readonly span: Span;
	readonly callId: string;
	/** Of the tool; undefined where the call is not in the body. */
	readonly toolName: string | undefined;
	/** The call's arguments as JSON text. */
	readonly input: string;
	/** Among the texts of its result. */
	readonly part: number;
	/** Nobody has answered it yet. */
	readonly isNewest: boolean;
}

export interface ToolCallMade {
	readonly id: string;
	readonly name: string | undefined;
	readonly input: string;
}

export interface ToolTraffic {
	/** The model id that the caller names; empty where none can be read. */
	readonly model: string;
	/** In the order of the body. */
	readonly texts: readonly ResultText[];
	/** The tool calls of the conversation, in order. */
	readonly calls: readonly ToolCallMade[];
	/** Turns that the model has taken. */
	readonly turns: number;
}

interface Result {
	readonly callId: string;
	readonly spans: readonly Span[];
}

/** What one message, or one item of Responses, is. */
interface Said {
	readonly isModel: boolean;
	readonly calls: readonly ToolCallMade[];
	readonly results: readonly Result[];
}

const decoder = new TextDecoder();
const NOTHING: ToolTraffic = { model: '', texts: [], calls: [], turns: 0 };

export function findToolResults(dialect: DialectName, body: Uint8Array): ToolTraffic {
	const scan = scanObject(body, dialect === 'responses' ? 'input' : 'messages');
	if (scan instanceof Problem) return NOTHING;
	const named = scan.fields.findLast(({ key }) => key === 'model');
	const said = scan.messages.map((span) => READERS[dialect](body, span));
	const calls = said.flatMap((one) => one.calls);
	const byId = new Map(calls.map((call) => [call.id, call]));
	const lastModel = said.findLastIndex(({ isModel }) => isModel);
	const texts = said.flatMap(({ results }, index) =>
		results.flatMap(({ callId, spans }) =>
			spans.map((span, part): ResultText => {
				const call = byId.get(callId);
				return { span, callId, toolName: call?.name, input: call?.input ?? '', part, isNewest: index > lastModel };
			}),
		),
	);
	return { model: (named && wordAt(body, named)) ?? '', texts, calls, turns: said.filter(({ isModel }) => isModel).length };
}

/** Every other byte stays as it came. */
export function replaceTexts(body: Uint8Array, texts: readonly { readonly span: Span; readonly text: string }[]): Uint8Array {
	return texts.length === 0
		? body
		: applyEdits(
				body,
				texts.map(({ span, text }) => ({ ...span, text: JSON.stringify(text) })),
			);
}

/** The text of a JSON string in the body; throws a SyntaxError where it is none. */
export const readText = (body: Uint8Array, { start, end }: Span): string => JSON.parse(decoder.decode(body.subarray(start, end))) as string;

const READERS: Readonly<Record<DialectName, (body: Uint8Array, span: Span) => Said>> = {
	anthropic: readMessage,
	'chat-completions': readChatMessage,
	responses: readItem,
};

const QUOTE = 0x22;

/** A string that stands there; undefined for anything else. */
function wordAt(body: Uint8Array, { start, end }: Span): string | undefined {
	if (body[start] !== QUOTE) return undefined;
	return textOf(parseFields(`{"v":${decoder.decode(body.subarray(start, end))}}`).v);
}

/** An object's fields by where their values stand in the body, and the objects in its list `listKey`. */
function fieldsAt(body: Uint8Array, { start, end }: Span, listKey: string) {
	const scan = scanObject(body.subarray(start, end), listKey);
	if (scan instanceof Problem) return undefined;
	const moved = (span: Span): Span => ({ start: span.start + start, end: span.end + start });
	const field = (key: string): Span | undefined => {
		const found = scan.fields.findLast((one) => one.key === key);
		return found && moved(found);
	};
	const word = (key: string): string | undefined => {
		const span = field(key);
		return span && wordAt(body, span);
	};
	return {
		field,
		word,
		elements: scan.messages.map(moved),
		isOnce: new Set(scan.fields.map(({ key }) => key)).size === scan.fields.length,
	};
}

const parseAt = (body: Uint8Array, { start, end }: Span): Fields => parseFields(decoder.decode(body.subarray(start, end)));

/** A string, or a list of nothing but texts. Of a repeated key nobody knows which one an upstream reads: it stays. */
function textSpans(body: Uint8Array, span: Span | undefined, elements: readonly Span[], types: readonly string[]): readonly Span[] {
	if (span === undefined) return [];
	if (body[span.start] === QUOTE) return [span];
	const texts = elements.map((element) => {
		const found = fieldsAt(body, element, '');
		const text = found?.isOnce === true && types.includes(found.word('type') ?? '') ? found.field('text') : undefined;
		return text !== undefined && body[text.start] === QUOTE && found?.field('citations') === undefined ? text : undefined;
	});
	return texts.every((one) => one !== undefined) ? texts : [];
}

function readMessage(body: Uint8Array, span: Span): Said {
	const message = fieldsAt(body, span, 'content');
	if (message === undefined) return { isModel: false, calls: [], results: [] };
	const isModel = message.word('role') === 'assistant';
	const calls: ToolCallMade[] = [];
	const results: Result[] = [];
	for (const element of message.elements) {
		const block = fieldsAt(body, element, 'content');
		const type = block?.word('type');
		if (isModel && type === 'tool_use') {
			const { id, name, input } = parseAt(body, element);
			calls.push({ id: textOf(id) ?? '', name: textOf(name), input: JSON.stringify(input ?? null) });
		} else if (!isModel && type === 'tool_result' && block?.isOnce === true) {
			const callId = block.word('tool_use_id') ?? '';
			results.push({ callId, spans: textSpans(body, block.field('content'), block.elements, ['text']) });
		}
	}
	return { isModel, calls, results };
}

function readChatMessage(body: Uint8Array, span: Span): Said {
	const message = fieldsAt(body, span, 'content');
	const role = message?.word('role');
	const isModel = role === 'assistant';
	const list = isModel ? parseAt(body, span).tool_calls : undefined;
	const calls = (Array.isArray(list) ? list : []).filter(isFields).map((call): ToolCallMade => {
		const { name, arguments: input } = isFields(call.function) ? call.function : {};
		return { id: textOf(call.id) ?? '', name: textOf(name), input: textOf(input) ?? '' };
	});
	const isResult = role === 'tool' && message?.isOnce === true;
	const spans = isResult ? textSpans(body, message.field('content'), message.elements, ['text']) : [];
	return { isModel, calls, results: isResult ? [{ callId: message.word('tool_call_id') ?? '', spans }] : [] };
}

const CALLS = new Set(['function_call', 'custom_tool_call', 'local_shell_call', 'shell_call']);
const OUTPUTS = new Set(['function_call_output', 'custom_tool_call_output', 'local_shell_call_output']);

function readItem(body: Uint8Array, span: Span): Said {
	const item = fieldsAt(body, span, 'output');
	const type = item?.word('type') ?? 'message';
	if (CALLS.has(type)) {
		const { call_id: id, name, arguments: args, input, action } = parseAt(body, span);
		const made = {
			id: textOf(id) ?? '',
			name: textOf(name) ?? type,
			input: textOf(args) ?? textOf(input) ?? JSON.stringify(action ?? null),
		};
		return { isModel: true, calls: [made], results: [] };
	}
	if (item?.isOnce === true && OUTPUTS.has(type)) {
		const spans = textSpans(body, item.field('output'), item.elements, ['input_text', 'output_text', 'text']);
		return { isModel: false, calls: [], results: [{ callId: item.word('call_id') ?? '', spans }] };
	}
	const isModel = (type === 'message' && item?.word('role') === 'assistant') || type === 'reasoning';
	return { isModel, calls: [], results: [] };
}
