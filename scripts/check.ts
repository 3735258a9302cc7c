/** `npm run check`: every static gate and the unit tests, in under a minute. */

import { ROOT, runGate, STATIC_GATES, VITEST } from './gates.ts';

const UNIT_TESTS = { name: 'unit tests', args: [VITEST, 'run', '--root', ROOT, '--project', 'unit', '--reporter=dot'] };

// The static gates share the cores; the tests get them to themselves.
const results = await Promise.all(STATIC_GATES.map(runGate));
results.push(await runGate(UNIT_TESTS));

const failed = results.filter((isPassed) => !isPassed).length;
console.log(failed === 0 ? 'check: all gates pass' : `check: ${failed} of ${results.length} gates failed`);
process.exitCode = failed === 0 ? 0 : 1;
