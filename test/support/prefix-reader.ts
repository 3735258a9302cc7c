/** Reads prompts into the slots of a real engine, as a call does, and tells what was found, computed, and thought of the next token. */

import { join } from 'node:path';
import type { ChildEngine } from '../../appliance/provider/local/child/child-engine.ts';
import type { Slot } from '../../appliance/provider/local/child/slot.ts';
import type { EngineSettings } from '../../appliance/provider/local/messages.ts';

/** Tokens of a step. */
const CHUNK = 64;

export function settingsOf(modelPath: string, folder: string, build: EngineSettings['build'] = { kind: 'prebuilt' }): EngineSettings {
	return {
		...{
			modelPath,
			build,
			slots: 3,
			contextTokens: 2_048,
			threads: 1,
			prefillChunkTokens: CHUNK,
			kvCache: 'auto',
			kvCalibrationFile: undefined,
		},
		prefix: {
			...{ folder, keyFile: join(folder, 'key'), diskBytes: 1e9, diskBytesADay: 1e9, restMs: 0, windowStateBytes: 64e6 },
			...{ teamPrompts: [], calibration: 'none' },
		},
	};
}

/** Tokens that are text in any vocabulary, drawn anew for each seed. */
export function tokens(count: number, seed: number): number[] {
	let state = seed * 7_919 + 1;
	return Array.from({ length: count }, () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return 280 + ((state >>> 8) % 80);
	});
}

export interface Reading {
	readonly found: number;
	readonly source: string;
	readonly computed: number;
	readonly logits: ReadonlyMap<number, number>;
}

export async function read(
	engine: ChildEngine,
	slot: Slot,
	prompt: readonly number[],
	member = 'ada',
	upTo = prompt.length,
): Promise<Reading> {
	const body = prompt.slice(0, -1) as never[];
	const digests = engine.prefix.digestsOf(body);
	const brought = await engine.prefix.bring(slot, body, digests, member);
	let computed = 0;
	await slot
		.prefill(body, {
			chunkTokens: () => CHUNK,
			isCanceled: () => slot.sequence.nextTokenIndex >= upTo,
			onMeasured: (measurement) => {
				computed += measurement.tokens;
			},
			stops: [Math.floor(body.length / CHUNK) * CHUNK],
			atStop: (depth) => engine.prefix.keep(slot, depth, digests, { member, key: member, isHead: true }),
		})
		.catch(() => undefined);
	engine.prefix.hold(slot, digests);
	const last = prompt.at(-1) as never;
	if (upTo < prompt.length) return { found: brought.tokens, source: brought.source, computed, logits: new Map() };
	const [output] = await slot.sequence.controlledEvaluate([[last, { generateNext: { logits: true } }]]);
	return {
		found: brought.tokens,
		source: brought.source,
		computed,
		logits: new Map([...(output?.next.logits ?? [])].map(([a, b]) => [a, b])),
	};
}
