import { describe, expect, it } from 'vitest';
import { readinessOf } from '../../../appliance/server/routes/health.ts';

const fine = { isStopping: false, ledgerFailure: undefined, engine: 'ready' } as const;

describe('readiness', () => {
	it.each([
		['ready', {}],
		['ready', { engine: 'absent' as const }],
		['ready', { engine: 'failed' as const }],
		['starting', { engine: 'starting' as const }],
		['no-ledger', { ledgerFailure: 'disk I/O error' }],
		['stopping', { isStopping: true, ledgerFailure: 'disk I/O error' }],
	])('is %s with %o', (word, part) => {
		expect(readinessOf({ ...fine, ...part })).toBe(word);
	});
});
