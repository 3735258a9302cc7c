/** `npm test`: static gates, then every test project; `npm test -- PATTERN` runs the tests whose path holds the pattern. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runGate, STATIC_GATES, VITEST } from './gates.ts';
import { startPreparations } from './preparations.ts';
import { runCommand } from './run-command.ts';
import { addTallies, readTally, type Tally } from './tally.ts';

const filters = process.argv.slice(2);
const isWhole = filters.length === 0;

const stopPreparations = isWhole ? startPreparations() : () => undefined;
const tally = addTallies([isWhole ? await runStaticGates() : { passed: 0, failed: 0, skipped: 0 }, await runTests(filters)]);
stopPreparations();

if (tally.skipped > 0) console.log(`${tally.skipped} skipped`);
if (tally.passed + tally.failed === 0) console.log('No test ran: that is a failure.');
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;

async function runStaticGates(): Promise<Tally> {
	const results = await Promise.all(STATIC_GATES.map(runGate));
	const passed = results.filter(Boolean).length;
	return { passed, failed: results.length - passed, skipped: 0 };
}

async function runTests(patterns: readonly string[]): Promise<Tally> {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-tests-'));
	const report = join(folder, 'report.json');
	try {
		const { code } = await runCommand(
			process.execPath,
			[VITEST, 'run', '--root', ROOT, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...patterns],
			{ cwd: ROOT, isInherited: true },
		);
		return readTally(report, code);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
