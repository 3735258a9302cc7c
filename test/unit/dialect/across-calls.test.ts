/** Thousands of calls from every dialect to every other: what can be said is said, and nothing throws. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { seal, unseal } from '../../../appliance/dialect/sealed-native.ts';
import type { Native } from '../../../appliance/protocol/conversation.ts';
import type { CallTarget, EncodedCall } from '../../../appliance/protocol/ports.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { CALL_FEATURES, DIALECTS, type DialectName, VENDORS } from '../../../appliance/protocol/words.ts';
import { definite, type Talk, type Tongue, type ToolCall, type Turn } from '../../conformance/talk.ts';
import { anthropicTongue } from '../../conformance/tongues/anthropic.ts';
import { chatTongue } from '../../conformance/tongues/chat-completions.ts';
import { responsesTongue } from '../../conformance/tongues/responses.ts';
import { bytesOf, textOf } from './wire.ts';

const TONGUES: Readonly<Record<DialectName, Tongue>> = {
	anthropic: anthropicTongue,
	'chat-completions': chatTongue,
	responses: responsesTongue,
};
const TARGET: CallTarget = { model: 'm', outputCapTokens: 9_000, isStream: true, lacks: [], vendor: 'openai' };
const PAIRS = DIALECTS.flatMap((from) => DIALECTS.map((to) => [from, to] as const));

function cross(from: DialectName, body: object, to: DialectName, target: CallTarget = TARGET): EncodedCall | Problem {
	const conversation = DIALECTS_BY_NAME[from].decodeConversation(bytesOf(body));
	return conversation instanceof Problem ? conversation : DIALECTS_BY_NAME[to].encodeCall(conversation, target);
}

/* ---- what every dialect has words for ---- */

const words = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((text) => text.trim() !== '' && !text.includes('\n'));
const name = fc.stringMatching(/^[a-z_]{1,90}$/);
const input = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.oneof(words, fc.integer(), fc.boolean(), fc.constant(null)), {
	maxKeys: 3,
});

/** A question, and tool loops of any length behind it; ids are the conversation's own. */
const talk: fc.Arbitrary<Talk> = fc
	.record({
		system: fc.option(words, { nil: undefined }),
		question: words,
		loops: fc.array(
			fc.record({
				text: fc.option(words, { nil: undefined }),
				calls: fc.array(fc.record({ name, input }), { minLength: 1, maxLength: 3 }),
				result: words,
			}),
			{ maxLength: 3 },
		),
		last: fc.option(words, { nil: undefined }),
	})
	.map(({ system, question, loops, last }): Talk => {
		const turns: Turn[] = [...(system === undefined ? [] : [{ by: 'system', text: system } as const]), { by: 'user', text: question }];
		for (const [loop, { text, calls, result }] of loops.entries()) {
			const made = calls.map((call, index): ToolCall => ({ id: `call_${loop}_${index}`, ...call }));
			turns.push(definite<Turn>({ by: 'assistant', text, calls: made } as Turn));
			turns.push({ by: 'tools', results: made.map(({ id }) => ({ id, text: result })) });
		}
		if (last !== undefined && loops.length > 0) turns.push({ by: 'user', text: last });
		return { turns, ...(loops.length > 0 ? { tools: [...new Set(loops.flatMap(({ calls }) => calls.map((call) => call.name)))] } : {}) };
	});

/** Names that were too long come back by the encoder's own map. */
function withOwnNames(heard: Talk, { tools }: EncodedCall): Talk {
	const own = (wire: string) => tools.get(wire)?.name ?? wire;
	const turns = heard.turns.map((turn) =>
		turn.by === 'assistant' && turn.calls !== undefined
			? { ...turn, calls: turn.calls.map((call) => ({ ...call, name: own(call.name) })) }
			: turn,
	);
	return { ...heard, turns, ...(heard.tools === undefined ? {} : { tools: heard.tools.map(own) }) };
}

describe.each(PAIRS)('a call from %s to %s', (from, to) => {
	it('says the same, and loses nothing', () => {
		fc.assert(
			fc.property(talk, (said) => {
				const encoded = cross(from, TONGUES[from].write(said, 'x', true), to);
				if (encoded instanceof Problem) throw encoded;
				expect(encoded.losses).toEqual([]);
				const { turns, tools } = withOwnNames(TONGUES[to].hear(JSON.parse(textOf(encoded.body))), encoded);
				expect({ turns, tools }).toEqual({ turns: said.turns, tools: said.tools });
			}),
			{ numRuns: 60 },
		);
	});

	it('comes back as it went: there, home, and there again are the same bytes', () => {
		fc.assert(
			fc.property(talk, (said) => {
				const there = cross(from, TONGUES[from].write(said, 'x', true), to);
				const home = there instanceof Problem ? there : cross(to, JSON.parse(textOf(there.body)), from);
				const again = home instanceof Problem ? home : cross(from, JSON.parse(textOf(home.body)), to);
				if (there instanceof Problem || again instanceof Problem) throw new Error('a plain call was refused');
				const { messages, input: items } = JSON.parse(textOf(again.body));
				const first = JSON.parse(textOf(there.body));
				expect({ messages, input: items }).toEqual({ messages: first.messages, input: first.input });
			}),
			{ numRuns: 30 },
		);
	});
});

/* ---- what nobody should send ---- */

const junk = fc.oneof(
	fc.jsonValue({ maxDepth: 2 }),
	fc.constantFrom('user', 'assistant', 'tool', 'base64', 'text', 'image', 'auto', 'function', 'custom', 'reasoning'),
);
const edit = fc.record({ at: fc.nat(200), value: junk, isDeletion: fc.boolean() });

const RICH: Talk = {
	turns: [
		{ by: 'system', text: 'You help.' },
		{ by: 'user', text: 'Look.', image: 'aQ==', pdf: 'cA==' },
		{ by: 'assistant', text: 'I look.', calls: [{ id: 'a', name: 'read', input: { path: 'x' } }] },
		{ by: 'tools', results: [{ id: 'a', text: 'seen', image: 'aQ==' }] },
	],
	tools: ['read'],
	choice: 'read',
	isSingle: true,
	schema: 'title',
	stops: ['END'],
	temperature: 0.5,
	topP: 0.5,
	effort: 'high',
	userId: 'u',
};

/** Every place of a JSON value, as a path. */
function placesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
	if (typeof value !== 'object' || value === null) return [path];
	return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]))];
}

function edited(body: object, { at, value, isDeletion }: { at: number; value: unknown; isDeletion: boolean }): object {
	const copy = structuredClone(body);
	const places = placesOf(copy).filter(({ length }) => length > 0);
	const place = places[at % places.length] ?? [];
	// biome-ignore lint/suspicious/noExplicitAny: walks into JSON of any shape
	const parent = place.slice(0, -1).reduce((inner: any, key) => inner?.[key], copy);
	const key = place.at(-1);
	if (typeof parent !== 'object' || parent === null || key === undefined) return copy;
	if (isDeletion) delete parent[key];
	else parent[key] = value;
	return copy;
}

const target = fc.record({
	model: fc.constant('m'),
	outputCapTokens: fc.integer({ min: 1, max: 100_000 }),
	isStream: fc.boolean(),
	lacks: fc.subarray([...CALL_FEATURES]),
	vendor: fc.option(fc.constantFrom(...VENDORS), { nil: undefined }),
});

describe('a broken call', () => {
	it.each(PAIRS)('from %s to %s ends in JSON or in a Problem', (from, to) => {
		fc.assert(
			fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), target, (edits, place) => {
				const body = edits.reduce(edited, TONGUES[from].write(RICH, 'x', true));
				const result = cross(from, body, to, place);
				if (!(result instanceof Problem)) expect(JSON.parse(textOf(result.body))).toMatchObject({ model: 'm' });
				const fitted = DIALECTS_BY_NAME[from].fitBody(bytesOf(body), { hasForeign: true }, place.vendor);
				expect(() => JSON.parse(textOf(fitted))).not.toThrow();
			}),
			{ numRuns: 300 },
		);
	});
});

describe('a seal', () => {
	const native: fc.Arbitrary<Native> = fc
		.record({ dialect: fc.constantFrom(...DIALECTS), value: fc.dictionary(fc.string(), fc.jsonValue()) })
		.map((one) => JSON.parse(JSON.stringify(one)));

	it('gives back what it was put on', () => {
		fc.assert(
			fc.property(native, (one) => {
				expect(unseal(seal(one))).toEqual(one);
			}),
		);
	});

	it('that somebody broke gives nothing, or something of the right shape', () => {
		fc.assert(
			fc.property(native, fc.nat(400), fc.string({ maxLength: 3 }), (one, at, put) => {
				const text = seal(one);
				const broken = unseal(text.slice(0, at) + put + text.slice(at + 1));
				expect(broken === undefined || (typeof broken.value === 'object' && DIALECTS.includes(broken.dialect))).toBe(true);
			}),
		);
	});
});
