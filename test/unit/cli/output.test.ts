import { describe, expect, test } from 'vitest';
import { formatUsd, parseUsd } from '../../../appliance/cli/money.ts';
import { describeProgress, progressLines } from '../../../appliance/cli/progress-lines.ts';
import { table } from '../../../appliance/cli/terminal.ts';
import { recordedContext } from './recording-terminal.ts';

describe('money', () => {
	test.each([
		[0, '$0.00'],
		[1_000, '$0.000001'],
		[1_500_000, '$0.0015'],
		[120_000_000, '$0.12'],
		[1_234_567_890_000, '$1234.57'],
		[-250_000_000, '$-0.25'],
	])('%i nano-USD is %s', (nanoUsd, text) => {
		expect(formatUsd(nanoUsd)).toBe(text);
	});

	test('is read with and without its sign', () => {
		expect(parseUsd('$2.50', '--x')).toBe(2.5);
		expect(parseUsd('0', '--x')).toBe(0);
		for (const wrong of ['', ' ', 'two', '-1', 'Infinity']) expect(() => parseUsd(wrong, '--x')).toThrow(/--x takes an amount/);
	});
});

describe('tables', () => {
	test('numbers stand right, words left', () => {
		expect(
			table(
				['NAME', 'COST'],
				[
					['ada', '$1.00'],
					['b', '$10.00'],
				],
			),
		).toBe('NAME    COST\nada    $1.00\nb     $10.00');
	});
});

describe('colour', () => {
	test('only on a terminal, and never with NO_COLOR', () => {
		expect(recordedContext({}, '/', true).terminal.paint('red', 'x')).toBe('\x1b[31mx\x1b[0m');
		expect(recordedContext({ NO_COLOR: '1' }, '/', true).terminal.paint('red', 'x')).toBe('x');
		expect(recordedContext({}, '/').terminal.paint('red', 'x')).toBe('x');
	});
});

describe('progress', () => {
	const half = { stage: 'download', doneBytes: 50e6, totalBytes: 100e6, bytesPerSecond: 2e6, etaSeconds: 25 } as const;

	test('says bytes, share, rate and remaining time', () => {
		expect(describeProgress(half)).toBe('Fetching 50.0 of 100.0 MB (50 %), 2.0 MB/s, 0:25 left');
		expect(describeProgress({ ...half, etaSeconds: 3_725 })).toContain('1:02:05 left');
		expect(describeProgress({ ...half, totalBytes: undefined, etaSeconds: undefined })).toBe('Fetching 50.0 MB, 2.0 MB/s');
	});

	test('renews one line on a terminal', () => {
		const context = recordedContext({}, '/', true);
		const lines = progressLines(context.terminal);
		lines.onProgress(half);
		lines.onProgress(half);
		lines.finish();
		expect(context.err().match(/\r/g)).toHaveLength(2);
		expect(context.err().endsWith('\n')).toBe(true);
	});

	test('writes a plain line every few seconds elsewhere', () => {
		const context = recordedContext({}, '/');
		let nowMs = 0;
		const lines = progressLines(context.terminal, () => nowMs);
		for (nowMs = 0; nowMs < 12_000; nowMs += 500) lines.onProgress(half);
		lines.finish();
		expect(context.err().split('\n').filter(Boolean)).toHaveLength(3);
		expect(context.err()).not.toContain('\r');
	});
});
