import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChildEngine, openChildEngine } from '../../appliance/provider/local/child/child-engine.ts';
import type { Slot } from '../../appliance/provider/local/child/slot.ts';
import { warmUp } from '../../appliance/provider/local/child/warm-up.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';

let engine: ChildEngine;
let slot: Slot;
let fresh: Slot;

beforeAll(async () => {
	const modelPath = await tinyGemma4();
	const settings = {
		modelPath,
		build: { kind: 'prebuilt' },
		slots: 2,
		contextTokens: 4_096,
		threads: 1,
		prefillChunkTokens: 256,
		kvCache: 'auto',
		kvCalibrationFile: undefined,
	} as const;
	engine = await openChildEngine(settings, () => undefined);
	await warmUp(engine, () => undefined);
	const taken = [engine.slots.take([], 'used'), engine.slots.take([], 'fresh')];
	if (taken[0] === undefined || taken[1] === undefined) throw new Error('two slots are needed');
	[slot, fresh] = taken as [Slot, Slot];
});

afterAll(async () => {
	await engine.llama.dispose();
});

/** Printable tokens in an order of their own for each seed. */
function tokens(count: number, seed: number): number[] {
	return Array.from({ length: count }, (_, index) => 280 + ((index * 7 + seed * 13 + ((index * index) % 11)) % 80));
}

const MEMBER = 'm';

/** @returns how many tokens were found */
async function read(used: Slot, prompt: readonly number[], stops: readonly number[] = []): Promise<number> {
	const body = prompt.slice(0, -1) as never[];
	const digests = engine.prefix.digestsOf(body);
	const { tokens: found } = await engine.prefix.bring(used, body, digests, MEMBER);
	await used.prefill(body, {
		chunkTokens: () => 256,
		isCanceled: () => false,
		onMeasured: () => undefined,
		stops,
		atStop: (depth) => engine.prefix.keep(used, depth, digests, { member: MEMBER, key: 'k', isHead: false }),
	});
	engine.prefix.hold(used, digests);
	return found;
}

async function logitsAfter(used: Slot, prompt: readonly number[]): Promise<Map<number, number>> {
	await read(used, prompt);
	const last = prompt.at(-1) as never;
	const [output] = await used.sequence.controlledEvaluate([[last, { generateNext: { logits: true } }]]);
	const logits = output?.next.logits;
	if (logits === undefined) throw new Error('no logits');
	return new Map([...logits].map(([token, logit]) => [token as number, logit]));
}

function greatestDifference(a: Map<number, number>, b: Map<number, number>): number {
	return Math.max(...[...a].map(([token, logit]) => Math.abs(logit - (b.get(token) ?? Number.POSITIVE_INFINITY))));
}

// The window is 64 tokens, its cache 768 cells: after 2,000 tokens the cells before 1,232 are overwritten.
test.each([40, 700, 1_200, 1_235, 1_240, 1_260, 1_290, 1_300, 1_900])(
	'after a rollback to token %i the logits are those of a fresh prompt',
	async (shared) => {
		const first = [2, ...tokens(2_000, 1)];
		const second = [...first.slice(0, shared), ...tokens(30, 2)];
		await logitsAfter(slot, first);
		const rolledBack = await logitsAfter(slot, second);
		await fresh.keep(0);
		engine.prefix.hold(slot, []);
		const expected = await logitsAfter(fresh, second);
		expect(greatestDifference(rolledBack, expected)).toBeLessThan(0.02);
	},
);

test('a rollback into the window keeps what is still whole, and one beyond it goes back to a checkpoint', async () => {
	const head = [2, ...tokens(500, 3)];
	const first = [...head, ...tokens(1_500, 4)];
	await slot.keep(0);
	await read(slot, first, [448]);
	expect(await read(slot, [...first.slice(0, 1_980), ...tokens(9, 5)])).toBe(1_980);
	expect(await read(slot, [...head, ...tokens(40, 6)])).toBe(448);
});
