import { describe, expect, it } from 'vitest';
import { describeConfidence } from '../../../../appliance/cli/describe-confidence.ts';
import type { StreamPart } from '../../../../appliance/protocol/stream.ts';
import { NO_USAGE } from '../../../../appliance/protocol/stream.ts';
import { continuationCap, continuationOf, continuationTokens, INSTRUCTION } from '../../../../appliance/router/confidence/continuation.ts';
import { type Begun, PartJoiner } from '../../../../appliance/router/confidence/join-parts.ts';
import { AnswerWatch } from '../../../../appliance/router/confidence/watch-answer.ts';
import { planCall } from '../../../../appliance/router/plan-call.ts';
import { boundCost } from '../../../../appliance/router/price.ts';
import { AGENT_TOOLS, conversation, says } from '../../../support/local-engine.ts';
import { call, input, LOCAL, SONNET } from '../make-input.ts';

const finish: StreamPart = { type: 'finish', reason: 'stop', stopSequence: undefined, usage: { ...NO_USAGE, outputTokens: 7 } };
const text = (index: number, ...texts: string[]): StreamPart[] => [
	{ type: 'text-start', index },
	...texts.map((one): StreamPart => ({ type: 'text-delta', index, text: one })),
	{ type: 'text-end', index },
];
const BEGUN: Begun = { text: 'It is a table.', tokens: 5, openText: 0, nextIndex: 1 };

function join(parts: readonly StreamPart[], begun = BEGUN) {
	const joiner = new PartJoiner(begun);
	return parts.flatMap((part) => joiner.take(part));
}
const said = (parts: readonly StreamPart[]) => parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');

describe('two models’ parts', () => {
	it('make one text, whose end and usage come once', () => {
		const parts = join([{ type: 'start', id: 'x', model: 'm', usage: undefined }, ...text(0, ' It', ' holds keys.'), finish]);
		expect(parts.map(({ type }) => type)).toEqual(['text-delta', 'text-end', 'finish']);
		expect(said(parts)).toBe(' It holds keys.');
		expect(parts.at(-1)).toMatchObject({ usage: { outputTokens: 12 } });
	});

	it('leave out a repetition, wherever it is cut, and a blank is put where sentences would run together', () => {
		expect(said(join([...text(0, 'It is', ' a table.', ' More.'), finish]))).toBe(' More.');
		expect(said(join([...text(0, 'It is a tab', 'let.'), finish]))).toBe(' It is a tablet.');
		expect(said(join([...text(0, 'It is a table.'), finish]))).toBe('');
		expect(said(join([...text(0, 'More.'), finish]))).toBe(' More.');
	});

	it('give later blocks numbers of their own, and leave thoughts out', () => {
		const thinking: StreamPart[] = [
			{ type: 'thinking-start', index: 0 },
			{ type: 'thinking-delta', index: 0, text: 'hm' },
			{ type: 'thinking-end', index: 0 },
		];
		const tool: StreamPart[] = [
			{ type: 'tool-call-start', index: 2, id: 'c', name: 'Read' },
			{ type: 'tool-call-delta', index: 2, json: '{}' },
			{ type: 'tool-call-end', index: 2 },
		];
		const parts = join([...thinking, ...text(1, ' More.'), ...tool, finish]);
		expect(parts.map((part) => ('index' in part ? `${part.type} ${part.index}` : part.type))).toEqual([
			'text-delta 0',
			'text-end 0',
			'tool-call-start 1',
			'tool-call-delta 1',
			'tool-call-end 1',
			'finish',
		]);
		expect(join([...tool, finish])[0]).toEqual({ type: 'text-end', index: 0 });
	});
});

describe('what a continuation may cost', () => {
	const streamed = call({ outputCapTokens: 1_000 });
	it('is within what was reserved, the longer the handed-on text the shorter the rest', () => {
		const added = { addedInputTokens: continuationTokens(streamed, SONNET) };
		const worstNanoUsd = boundCost(streamed, SONNET, undefined, added).worstNanoUsd(1_000);
		const capFor = (bytes: number, tokens: number) =>
			continuationCap(streamed, SONNET, undefined, { capTokens: 1_000, worstNanoUsd }, { bytes, tokens }, {});
		expect(capFor(400, 100)).toBe(900);
		const long = capFor(2_500, 100) ?? 0;
		expect(long).toBeLessThan(900);
		expect(long).toBeGreaterThan(100);
		const spent = { addedInputTokens: 2_500 + INSTRUCTION.length };
		expect(boundCost(streamed, SONNET, undefined, spent).worstNanoUsd(long)).toBeLessThanOrEqual(worstNanoUsd);
		expect(capFor(100_000, 100)).toBeUndefined();
		expect(capFor(400, 990)).toBeUndefined();
	});

	it('is set aside only where the box comes first, the call streams and doubting is on', () => {
		const hints = { role: 'inner' as const, tier: undefined, deployment: undefined, tree: undefined };
		const reserved = (mayContinue: boolean, isStream: boolean) => {
			const plan = planCall(input({ call: call({ isStream }), hints, deployments: [SONNET, LOCAL], settings: { mayContinue } }));
			expect(plan.candidates[0]?.deployment).toBe('local');
			return plan.candidates.find(({ deployment }) => deployment === SONNET.id)?.worstCostNanoUsd ?? 0;
		};
		expect(reserved(true, true)).toBeGreaterThan(reserved(false, true));
		expect(reserved(true, false)).toBe(reserved(false, false));
	});

	it('asks with the text as the last turn, or with words behind it', () => {
		const chat = conversation([says('user', 'Hello.')], { reasoning: { type: 'on' } });
		expect(continuationOf(chat, 'Well. \n', 'prefill').messages.at(-1)).toEqual(says('assistant', 'Well.'));
		expect(continuationOf(chat, 'Well.', 'instruction').messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
		expect(continuationOf(chat, 'Well.', 'prefill').reasoning).toEqual({ type: 'off' });
		expect(continuationOf(chat, ' ', 'prefill')).toBe(chat);
	});
});

function watch(parts: readonly StreamPart[], over: Partial<ConstructorParameters<typeof AnswerWatch>[0]> = {}) {
	const watcher = new AnswerWatch({
		settings: { isVerified: true, isWatched: true },
		bar: { step: 0.5, toolCall: 0.5 },
		conversation: conversation([says('user', 'Read src/a.ts.')], { tools: AGENT_TOOLS }),
		mostCharacters: undefined,
		judgeStep: (score) => (score > 0 ? 1 : 0),
		faultOfCall: () => undefined,
		canGoOn: () => true,
		...over,
	});
	const released: StreamPart[] = [];
	for (const part of parts) {
		const { release, doubts } = watcher.take(part);
		released.push(...release);
		if (doubts.length > 0) return { released, doubts, watcher };
	}
	return { released, doubts: [], watcher };
}
const sure = (index: number, piece: string, probability = 0.9): StreamPart => ({
	type: 'text-delta',
	index,
	text: piece,
	probabilities: [probability, probability, probability],
});
const reads = (path: string, probability: number): StreamPart[] => [
	{ type: 'tool-call-start', index: 1, id: 'c', name: 'Read' },
	{ type: 'tool-call-delta', index: 1, json: JSON.stringify({ file_path: path }), probabilities: [1, probability] },
	{ type: 'tool-call-end', index: 1 },
];

describe('the watch', () => {
	const open: StreamPart = { type: 'text-start', index: 0 };
	const close: StreamPart = { type: 'text-end', index: 0 };

	it('holds one step at most, and lets all of an answer through that it is sure of', () => {
		const { released, doubts } = watch([open, sure(0, 'One.'), sure(0, ' Two'), sure(0, '.'), sure(0, ' Three.'), close, finish]);
		expect(said(released)).toBe('One. Two. Three.');
		expect(released.map(({ type }) => type)).toEqual(['text-start', 'text-delta', 'text-delta', 'text-delta', 'text-end', 'finish']);
		expect(doubts).toEqual([]);
		expect(said(watch([open, sure(0, 'One.'), sure(0, ' Two')]).released)).toBe('One.');
	});

	it('stops at the step that is doubted, before anything of it is out', () => {
		const stopped = watch([open, sure(0, 'One.'), sure(0, ' Two.', 0.2), sure(0, ' Three.'), close, finish]);
		expect([said(stopped.released), stopped.doubts]).toEqual(['One.', ['low-confidence']]);
		expect(stopped.watcher.released).toEqual({ text: 'One.', tokens: 3, openText: 0, nextIndex: 1 });
		const first = watch([open, sure(0, 'One.', 0.2), sure(0, ' Two.'), close, finish]);
		expect([first.released, first.watcher.hasReleased]).toEqual([[], false]);
	});

	it('lets it be where nobody could go on', () => {
		const all = watch([open, sure(0, 'One.'), sure(0, ' Two.', 0.2), close, finish], { canGoOn: () => false });
		expect([said(all.released), all.doubts]).toEqual(['One. Two.', []]);
	});

	it('releases a tool call whole or not at all', () => {
		const whole = watch([...reads('src/a.ts', 0.9), finish]);
		expect(whole.released.map(({ type }) => type)).toEqual(['tool-call-start', 'tool-call-delta', 'tool-call-end', 'finish']);
		expect(watch([...reads('src/a.ts', 0.9).slice(0, 2)]).released).toEqual([]);
		expect(watch(reads('src/a.ts', 0.4))).toMatchObject({ released: [], doubts: ['unsure-tool-call'] });
		expect(watch(reads('src/b.ts', 0.9))).toMatchObject({ released: [], doubts: ['path-not-in-transcript'] });
		expect(watch(reads('src/a.ts', 0.9), { faultOfCall: () => 'no' })).toMatchObject({ doubts: ['not-its-schema'] });
		const isOff = { settings: { isVerified: false, isWatched: false } };
		expect(watch(reads('src/b.ts', 0.1), isOff).doubts).toEqual([]);
	});

	it('keeps a text open that somebody else may go on in', () => {
		const stopped = watch([open, sure(0, 'I look. '), sure(0, 'Now.'), sure(0, ' So.'), close, ...reads('src/b.ts', 0.9)]);
		expect(stopped.doubts).toEqual(['path-not-in-transcript']);
		expect(stopped.released.some(({ type }) => type === 'text-end')).toBe(false);
		expect(stopped.watcher.released.openText).toBe(0);
	});

	it('holds titles and JSON to their end', () => {
		const schema = { conversation: conversation([says('user', 'Go.')], { outputSchema: { type: 'object' } }) };
		expect(watch([open, sure(0, '{"a":1,\n'), sure(0, '"b":2}'), close], schema).released).toEqual([]);
		expect(said(watch([open, sure(0, '{"a":1,\n'), sure(0, '"b":2}'), close, finish], schema).released)).toBe('{"a":1,\n"b":2}');
		expect(watch([open, sure(0, '{"a":1,\n'), close, finish], schema)).toMatchObject({ released: [], doubts: ['not-json'] });
		expect(watch([open, sure(0, Array.from({ length: 60 }, (_, i) => i).join(' ')), close, finish], { mostCharacters: 160 })).toMatchObject(
			{
				released: [],
				doubts: ['too-long'],
			},
		);
		expect(watch([finish])).toMatchObject({ released: [], doubts: ['empty-answer'] });
	});
});

it('explain tells what was judged and what became of it', () => {
	const note = { steps: 3, lowest: 0.12, doubts: ['low-confidence' as const], releasedTokens: 23 };
	expect(describeConfidence(undefined)).toEqual([]);
	expect(describeConfidence({ ...note, went: 'escalated-after-text', to: 'sonnet', by: 'prefill' })).toEqual([
		'Confidence of the local model',
		'  3 steps judged, least sure step 12 %',
		'  doubted: low-confidence',
		'  stopped after 23 tokens; sonnet went on, asked by prefill',
	]);
	expect(describeConfidence({ ...note, doubts: [], went: 'released' }).at(-1)).toBe('  released, 23 tokens');
});
