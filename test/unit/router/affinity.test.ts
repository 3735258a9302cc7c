import { describe, expect, it } from 'vitest';
import type { Affinity } from '../../../appliance/protocol/plan.ts';
import type { Usage } from '../../../appliance/protocol/stream.ts';
import { AffinityMemory } from '../../../appliance/router/affinity.ts';
import { boundInputTokens } from '../../../appliance/router/input-size.ts';
import { addOutputSize, NO_OUTPUT_SIZES, type OutputSizes, usualOutputTokens } from '../../../appliance/router/output-sizes.ts';
import { call, claudeCode, key, OPUS, subagent } from './make-input.ts';

const usage: Usage = { inputTokens: 10, cacheReadTokens: 900, cacheWriteTokens: 90, cacheWrite1hTokens: undefined, outputTokens: 50 };
const BODY = new TextEncoder().encode('a body');
const isEqual = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const served = (part: object = {}) => ({
	key: key(),
	call: claudeCode(),
	body: BODY,
	deployment: 'd1',
	role: 'outer' as const,
	usage,
	nowMs: 5,
	...part,
});

describe('AffinityMemory', () => {
	it('remembers where a session was served, and what its prompt weighed', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served({ call: claudeCode({ size: { bodyBytes: 4_000 } }) }));
		expect(memory.find(key(), claudeCode(), BODY)).toEqual({
			deployment: 'd1',
			lastUsedMs: 5,
			promptTokens: 1_000,
			bodyBytes: 4_000,
			unseenBytes: 0,
			unseenMedia: 0,
			isSamePrefix: true,
			usualOutputTokens: undefined,
		});
	});

	it('keeps sub-agents, keys and sessions apart', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served());
		expect(memory.find(key(), subagent(), BODY)).toBeUndefined();
		expect(memory.find(key({ id: 'k2' }), claudeCode(), BODY)).toBeUndefined();
		expect(memory.find(key(), claudeCode({ signals: { sessionId: 's2' } }), BODY)).toBeUndefined();
	});

	it('tells plain conversations apart by their first words', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served({ call: call() }));
		expect(memory.find(key(), call({ signals: { messageCount: 3 } }), BODY)?.deployment).toBe('d1');
		expect(memory.find(key(), call({ signals: { firstUserDigest: 'other' } }), BODY)).toBeUndefined();
	});

	it('does not let a title call take the main loop from its cache', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served());
		memory.note(served({ call: claudeCode({ signals: { prefixDigest: 'title' } }), deployment: 'local', role: 'inner' }));
		expect(memory.find(key(), claudeCode(), BODY)).toMatchObject({ deployment: 'd1', isSamePrefix: true });
		expect(memory.find(key(), claudeCode({ signals: { prefixDigest: 'new tools' } }), BODY)).toMatchObject({
			deployment: 'local',
			isSamePrefix: false,
		});
	});

	it('keeps what it knows when an answer comes without usage', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served());
		memory.note(served({ deployment: 'd2', usage: { ...usage, inputTokens: undefined } }));
		expect(memory.find(key(), claudeCode(), BODY)?.deployment).toBe('d1');
	});

	it('forgets the session that was silent longest', () => {
		const memory = new AffinityMemory(isEqual, 2);
		const session = (sessionId: string) => claudeCode({ signals: { sessionId } });
		for (const id of ['a', 'b', 'a', 'c']) memory.note(served({ call: session(id) }));
		expect(memory.size).toBe(2);
		expect(memory.find(key(), session('b'), BODY)).toBeUndefined();
		expect(memory.find(key(), session('a'), BODY)).toBeDefined();
	});

	it('counts what a body has beyond the one that was served', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served({ body: Buffer.from('[1,2],"tools"') }));
		expect(memory.find(key(), claudeCode(), Buffer.from('[1,2,34],"tools"'))?.unseenBytes).toBe(3);
		expect(memory.find(key(), claudeCode(), Buffer.from('[9,8],"tools"'))?.unseenBytes).toBe(3);
	});

	it('holds no body of an answer that nobody bills, and lets go of an older one', () => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served());
		memory.note(served({ deployment: 'local', body: undefined }));
		expect(memory.find(key(), claudeCode(), BODY)).toMatchObject({ deployment: 'local', unseenBytes: undefined });
	});

	it('learns how long the answers of a role are', () => {
		const memory = new AffinityMemory(isEqual);
		for (let count = 0; count < 100; count += 1) memory.note(served());
		expect(memory.find(key(), claudeCode(), BODY)?.usualOutputTokens).toBeGreaterThanOrEqual(50);
		expect(memory.find(key(), claudeCode(), BODY)?.usualOutputTokens).toBeLessThan(60);
	});
});

describe('usualOutputTokens', () => {
	const fill = (count: number, tokens: (index: number) => number, from: OutputSizes = NO_OUTPUT_SIZES) =>
		Array.from({ length: count }).reduce<OutputSizes>((sizes, _, index) => addOutputSize(sizes, 'mid', tokens(index)), from);

	it('is the 0.99 quantile, at most a fifth too high', () => {
		const usual =
			usualOutputTokens(
				fill(1_000, (index) => index + 1),
				'mid',
			) ?? 0;
		expect(usual).toBeGreaterThanOrEqual(990);
		expect(usual).toBeLessThanOrEqual(990 * 1.2);
	});

	it('is not told by a few samples, nor by those of another role', () => {
		expect(
			usualOutputTokens(
				fill(99, () => 10),
				'mid',
			),
		).toBeUndefined();
		expect(
			usualOutputTokens(
				fill(500, () => 10),
				'inner',
			),
		).toBeUndefined();
	});

	it('forgets: what was common long ago gives way', () => {
		const old = fill(1_999, () => 10_000);
		const now = fill(9_000, () => 100, old);
		expect(usualOutputTokens(now, 'mid')).toBeLessThan(200);
	});

	it('takes any count that an upstream may send', () => {
		expect(
			usualOutputTokens(
				fill(200, (index) => (index % 2 === 0 ? 0 : 10_000_000)),
				'mid',
			),
		).toBeGreaterThan(0);
	});
});

describe('a count', () => {
	const BODY_BYTES = 4_000;
	const counted = (size: object = {}, after: object = size, more: object = {}) => {
		const memory = new AffinityMemory(isEqual);
		memory.note(served({ call: claudeCode({ size: { bodyBytes: BODY_BYTES, ...size } }), deployment: OPUS.id, ...more }));
		return memory.find(key(), claudeCode({ size: { bodyBytes: BODY_BYTES, ...after } }), BODY);
	};
	const bound = (found: Affinity | undefined, size: object = {}, at = OPUS) =>
		boundInputTokens(claudeCode({ size: { bodyBytes: 1_000_000, ...size } }), at, found);

	it('bounds what was counted, at the deployment and with the model that counted it', () => {
		const found = counted({}, {}, { model: OPUS.model });
		expect(found?.unseenBytes).toBe(0);
		const own = bound(found);
		expect(own).toBeLessThan(10_000);
		expect(bound(found, {}, { ...OPUS, model: 'another-tokenizer' })).toBeGreaterThanOrEqual(1_000_000);
		expect(bound(found, {}, { ...OPUS, id: 'another' })).toBeGreaterThanOrEqual(1_000_000);
	});

	it('bounds nothing where the vendor may have left something out, or counts by other settings now', () => {
		expect(counted({ mayDropInput: true })?.unseenBytes).toBeUndefined();
		expect(counted({ countedUnder: 'a' }, { countedUnder: 'b' })?.unseenBytes).toBeUndefined();
		expect(counted({ countedUnder: 'a' })?.unseenBytes).toBe(0);
	});

	it('does not bound media that it has not seen, nor what an address brings', () => {
		const media = (...marks: string[]) => ({ inlineMediaCount: marks.length, mediaMarks: marks });
		expect(counted(media('a'))?.unseenMedia).toBe(0);
		expect(counted(media('a'), media('a', 'b'))?.unseenMedia).toBe(1);
		expect(counted({ remoteMediaCount: 1 })?.unseenMedia).toBe(1);
		const added = media('a', 'b');
		const more = bound(counted(media('a'), added), added) - bound(counted(added), added);
		expect(more).toBe(OPUS.maxTokensPerMedia);
	});
});
