import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MachineSample, PiFlags } from '../../../appliance/protocol/machine.ts';
import { type AdmissionMemory, admit, OPEN } from '../../../appliance/system/admission.ts';
import { parsePiFlags } from '../../../appliance/system/pi-flags.ts';

const FLAGS = parsePiFlags('0x0') as PiFlags;
const CALM: Omit<MachineSample, 'atMs'> = {
	rssBytes: 1e8,
	freeBytes: 4e9,
	totalBytes: 8e9,
	swapUsedBytes: 0,
	swapTotalBytes: 0,
	temperatureCelsius: 55,
	cpuLoadPercent: 50,
	pressure: { somePercent: 0, fullPercent: 0 },
	flags: FLAGS,
	disk: undefined,
};

/** Judges samples two seconds apart. */
function run(samples: readonly Partial<MachineSample>[], from: AdmissionMemory = OPEN, startMs = 1_000_000): AdmissionMemory[] {
	const seen: AdmissionMemory[] = [];
	for (const [index, sample] of samples.entries())
		seen.push(admit(seen.at(-1) ?? from, { ...CALM, atMs: startMs + index * 2_000, ...sample }));
	return seen;
}
const states = (seen: readonly AdmissionMemory[]) => seen.map(({ state }) => state);
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('a Raspberry Pi', () => {
	it('slows before its soft limit, steps aside before it throttles hard, and says why', () => {
		const seen = run([{ temperatureCelsius: 77 }, { temperatureCelsius: 78.2 }, { temperatureCelsius: 83 }]);
		expect(states(seen)).toEqual(['open', 'slow', 'aside']);
		expect(seen[1]?.reason).toBe('The processor is at 78 °C.');
		expect(seen[2]).toMatchObject({ reason: 'The processor is at 83 °C.', sinceMs: 1_004_000 });
	});

	it.each([
		['0x1', 'slow', /power supply/],
		['0x8', 'slow', /soft temperature limit/],
		['0x4', 'aside', /throttled/],
		['0x50000', 'open', /^$/],
	])('with flags %s is %s', (bits, state, reason) => {
		const [seen] = run([{ flags: parsePiFlags(bits) }]);
		expect(seen?.state).toBe(state);
		expect(seen?.reason).toMatch(reason);
	});

	it('comes back a step at a time, and only after twenty seconds well below the limit', () => {
		const hot = run([{ temperatureCelsius: 84 }]).at(-1) as AdmissionMemory;
		// 80° is below the limit of "aside", but not by enough.
		expect(new Set(states(run(times(30, { temperatureCelsius: 80 }), hot)))).toEqual(new Set(['aside']));
		const cooling = states(run(times(24, { temperatureCelsius: 60 }), hot));
		expect(cooling).toEqual([...times(10, 'aside'), ...times(10, 'slow'), ...times(4, 'open')]);
	});

	it('starts its calm anew when it gets hot in between', () => {
		const warm = run([{ temperatureCelsius: 79 }]).at(-1) as AdmissionMemory;
		const seen = run([...times(9, {}), { temperatureCelsius: 76 }, ...times(10, {})], warm);
		expect(states(seen).slice(0, 20)).toEqual(times(20, 'slow'));
	});
});

describe('memory', () => {
	it('slows when tasks wait for it, steps aside when all do, whatever the machine', () => {
		const seen = run([
			{ pressure: { somePercent: 12, fullPercent: 1 }, flags: undefined },
			{ pressure: { somePercent: 40, fullPercent: 6 }, flags: undefined },
		]);
		expect(states(seen)).toEqual(['slow', 'aside']);
		expect(seen[1]?.reason).toMatch(/everything waited for it 6 % of the time/);
	});

	it('goes by what is free where the kernel keeps no account of pressure', () => {
		const seen = run([
			{ pressure: undefined, freeBytes: 300 * 1024 ** 2 },
			{ pressure: undefined, freeBytes: 100 * 1024 ** 2 },
		]);
		expect(states(seen)).toEqual(['slow', 'aside']);
		expect(seen[1]?.reason).toBe('Only 100 MB of memory are free.');
	});
});

it('another machine may run hotter than a Pi', () => {
	expect(
		states(
			run([
				{ flags: undefined, temperatureCelsius: 90 },
				{ flags: undefined, temperatureCelsius: 94 },
			]),
		),
	).toEqual(['open', 'slow']);
});

it('a machine that says nothing is left alone', () => {
	const silent = { pressure: undefined, freeBytes: undefined, temperatureCelsius: undefined, flags: undefined };
	expect(states(run(times(3, silent)))).toEqual(times(3, 'open'));
});

it('a clock set back does not hold the model down', () => {
	const hot = run([{ temperatureCelsius: 79 }], OPEN, 9_000_000).at(-1) as AdmissionMemory;
	const later = run(times(2, {}), hot, 9_002_000).at(-1) as AdmissionMemory;
	expect(states(run(times(12, {}), later, 1_000)).at(-1)).toBe('open');
});

it('never leaves a state upwards without calm, whatever comes', () => {
	const sample = fc.record({
		temperatureCelsius: fc.double({ min: 20, max: 100, noNaN: true }),
		freeBytes: fc.integer({ min: 0, max: 8e9 }),
	});
	const rank = { open: 0, slow: 1, aside: 2 };
	fc.assert(
		fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
			const seen = run(samples);
			for (const [index, one] of seen.entries()) {
				const before = seen[index - 1] ?? OPEN;
				if (rank[one.state] >= rank[before.state]) continue;
				expect(rank[before.state] - rank[one.state]).toBe(1);
				expect(before.calmSinceMs).toBeDefined();
			}
		}),
	);
});
