import { expect, test } from 'vitest';
import { ThreadTuner } from '../../../appliance/provider/local/child/thread-tuner.ts';

/** Runs for a while on a machine that gives `rate(threads)`; one measurement takes as long as four tokens do. */
function run(
	tuner: ThreadTuner,
	rate: (threads: number) => number,
	fromMs: number,
	forMs: number,
): { readonly tokens: number; readonly atMs: number } {
	let atMs = fromMs;
	let tokens = 0;
	while (atMs < fromMs + forMs) {
		const now = rate(tuner.threads);
		atMs += 4_000 / now;
		tokens += 4;
		tuner.observe(now, atMs);
	}
	return { tokens, atMs };
}

const quiet = (threads: number): number => [0, 10, 18, 25, 30][threads] ?? 0;
/** A neighbour takes a core: what spins on four is lost, fewer get by. */
const crowded = (threads: number): number => [0, 10, 17, 20, 1][threads] ?? 0;
/** Every core is taken. */
const full = (threads: number): number => (threads === 1 ? 10 : 0.7);

test('on a quiet machine all cores are kept', () => {
	const tuner = new ThreadTuner(4, 0);
	const { tokens } = run(tuner, quiet, 0, 600_000);
	expect(tuner.threads).toBe(4);
	expect(tokens / 600).toBeGreaterThan(30 * 0.9);
});

test('when a core is lost, decoding goes on with fewer within seconds, and comes back when the core is free', () => {
	const tuner = new ThreadTuner(4, 0);
	const before = run(tuner, quiet, 0, 20_000);
	const during = run(tuner, crowded, before.atMs, 600_000);
	expect(during.tokens / 600).toBeGreaterThan(20 * 0.8);
	const after = run(tuner, quiet, during.atMs, 600_000);
	expect(tuner.threads).toBe(4);
	expect(after.tokens / 600).toBeGreaterThan(30 * 0.6);
});

test('with every core taken one thread remains, and probing costs little', () => {
	const tuner = new ThreadTuner(4, 0);
	tuner.take(1);
	const first = run(tuner, full, 0, 1_000);
	const { tokens } = run(tuner, full, first.atMs, 1_200_000);
	expect(tokens / 1_200).toBeGreaterThan(10 * 0.9);
});

test('one core has nothing to choose', () => {
	const tuner = new ThreadTuner(1, 0);
	run(tuner, () => 5, 0, 100_000);
	expect(tuner.threads).toBe(1);
});
