/** Counts what a test run came to, so that nothing that went wrong counts as nothing. */

import { readFileSync } from 'node:fs';

export interface Tally {
	readonly passed: number;
	readonly failed: number;
	readonly skipped: number;
}

/** The part of vitest's JSON report that is counted. */
interface Report {
	readonly numPassedTests: number;
	readonly numFailedTests: number;
	readonly numPendingTests: number;
	readonly numTodoTests: number;
	readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

/**
 * A file that could not even be loaded counts as one failure, and so does a run that ended badly
 * (an unhandled error, a crash) without a failed test to show for it.
 */
export function tallyReport(report: Report | undefined, exitCode: number): Tally {
	if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
	const brokenFiles = report.testResults.filter(
		(file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
	).length;
	const failed = report.numFailedTests + brokenFiles;
	return {
		passed: report.numPassedTests,
		failed: failed === 0 && exitCode !== 0 ? 1 : failed,
		skipped: report.numPendingTests + report.numTodoTests,
	};
}

/** @param path where vitest wrote its JSON report; a missing or broken one is a failure */
export function readTally(path: string, exitCode: number): Tally {
	let report: Report | undefined;
	try {
		report = JSON.parse(readFileSync(path, 'utf8')) as Report;
	} catch {
		report = undefined;
	}
	return tallyReport(report, exitCode);
}

export function addTallies(tallies: readonly Tally[]): Tally {
	return tallies.reduce(
		(sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed, skipped: sum.skipped + one.skipped }),
		{ passed: 0, failed: 0, skipped: 0 },
	);
}
