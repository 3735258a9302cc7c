import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerCall } from '../../appliance/provider/local/child/answer-call.ts';
import { type ChildEngine, openChildEngine } from '../../appliance/provider/local/child/child-engine.ts';
import { MEASURED_TOKENS } from '../../appliance/provider/local/child/decode.ts';
import { warmUp } from '../../appliance/provider/local/child/warm-up.ts';
import type { ChildRequest, Measurement } from '../../appliance/provider/local/messages.ts';
import { tinyGemma4 } from '../support/gguf-gemma4.ts';
import { conversation, says } from '../support/local-engine.ts';

const WHOLE_STEP = 64;
/** What is left of a step when no stall at all is wanted, whatever the machine's speed: docs/decisions/0134. */
const LEAST_STEP = 16;
/** Steps of somebody's prompt between two tokens of an answer: the one that is running, and one that comes in between. */
const MOST_STEPS_A_TOKEN = 2;

let engine: ChildEngine;

beforeAll(async () => {
	const settings = {
		...{ modelPath: await tinyGemma4(), slots: 3, contextTokens: 2_048, threads: 1 },
		build: { kind: 'prebuilt' },
		...{ prefillChunkTokens: WHOLE_STEP, mostStallMs: 0.01, kvCalibrationFile: undefined },
		kvCache: 'auto',
	} as const;
	engine = await openChildEngine(settings, () => undefined);
	await warmUp(engine, (measurement) => engine.tune(measurement));
});
afterAll(async () => {
	await engine.llama.dispose();
});

function answer(member: string, text: string, maxOutputTokens: number, onMeasured: (measurement: Measurement) => void): Promise<void> {
	const asked = conversation([says('user', text)], { temperature: 0 });
	const request: ChildRequest = {
		...{ callId: member, memberId: member, affinityKey: member, conversation: asked, allowedTools: undefined, maxOutputTokens },
	};
	const measured = (measurement: Measurement) => {
		engine.tune(measurement);
		onMeasured(measurement);
	};
	return answerCall(engine, request, {
		isCanceled: () => false,
		emit: () => undefined,
		onMeasured: measured,
		onPromptSize: () => undefined,
	});
}

const prompt = (words: number, seed: number) => Array.from({ length: words }, (_, index) => `line ${seed}-${(index * 7) % 89}`).join(' ');
const prefillSteps: (into: number[]) => (measurement: Measurement) => void = (into) => (measurement) => {
	if (measurement.kind === 'prefill') into.push(measurement.tokens);
};

test('a prompt that is alone is read in whole steps', async () => {
	const steps: number[] = [];
	await answer('alone', prompt(100, 1), 1, prefillSteps(steps));
	expect(Math.max(...steps)).toBe(WHOLE_STEP);
});

test.each([1, 2])(
	'while an answer is written, %i long prompts beside it come in small steps, few between two of its tokens',
	async (readers) => {
		const gaps: number[] = [];
		const steps: number[] = [];
		let since = 0;
		let isWriting = true;
		let begin = (): void => undefined;
		const begun = new Promise<void>((resolve) => {
			begin = resolve;
		});
		const writing = answer(`writer-${readers}`, 'Tell a very long story of a fox and a dog.', 96, ({ kind }) => {
			if (kind !== 'decode') return;
			begin();
			gaps.push(since);
			since = 0;
		}).finally(() => {
			isWriting = false;
		});
		await begun;
		const reading = Array.from({ length: readers }, (_, index) =>
			answer(`reader-${readers}-${index}`, prompt(130, 10 * readers + index), 1, ({ kind, tokens }) => {
				if (kind !== 'prefill' || !isWriting) return;
				since += 1;
				steps.push(tokens);
			}),
		);
		await Promise.all([writing, ...reading]);
		expect(steps.length).toBeGreaterThan(20);
		expect(Math.max(...steps)).toBeLessThanOrEqual(LEAST_STEP);
		// A measurement stands for so many tokens of the answer.
		expect(Math.max(...gaps)).toBeLessThanOrEqual(MEASURED_TOKENS * MOST_STEPS_A_TOKEN * readers);
		expect(gaps.filter((gap) => gap > 0).length).toBeGreaterThan(3);
	},
);
