import { describe, expect, test } from 'vitest';
import { addTallies, tallyReport } from '../../../scripts/tally.ts';

const PASSED = { status: 'passed', assertionResults: [{ status: 'passed' }] };
const FAILED = { status: 'failed', assertionResults: [{ status: 'failed' }] };
const BROKEN = { status: 'failed', assertionResults: [] };

function report(passed: number, failed: number, files: readonly (typeof PASSED)[]) {
	return { numPassedTests: passed, numFailedTests: failed, numPendingTests: 0, numTodoTests: 0, testResults: files };
}

describe('what a test run came to', () => {
	test('counts tests', () => {
		expect(tallyReport(report(3, 1, [PASSED, FAILED]), 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
	});

	test('a file that could not be loaded is one failure', () => {
		expect(tallyReport(report(3, 0, [PASSED, BROKEN]), 1).failed).toBe(1);
	});

	test('a bad end without a failed test is one failure', () => {
		expect(tallyReport(report(3, 0, [PASSED]), 1).failed).toBe(1);
	});

	test('no report is one failure, even after a good end', () => {
		expect(tallyReport(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
	});

	test('adds up', () => {
		const sum = addTallies([
			{ passed: 1, failed: 2, skipped: 3 },
			{ passed: 10, failed: 20, skipped: 30 },
		]);
		expect(sum).toEqual({ passed: 11, failed: 22, skipped: 33 });
	});
});
