import { describe, expect, it } from 'vitest';
import { configJsonSchema, knownKeys } from '../../../appliance/config/config-schema.ts';
import published from '../../../appliance/config/innerloop.schema.json' with { type: 'json' };

describe('the published schema', () => {
	it('is the one that the program checks by (after a change: scripts/write-config-schema.ts)', () => {
		expect(published).toEqual(configJsonSchema());
	});

	it('gives the known keys of every object', () => {
		expect(knownKeys(['server', 'limits'])).toContain('bodyBytes');
		expect(knownKeys(['deployments', 3, 'price', 'longContext'])).toContain('aboveTokens');
		expect(knownKeys(['providers', 'anything'])).toContain('baseUrl');
		expect(knownKeys(['nowhere', 'at', 'all'])).toEqual([]);
	});
});
