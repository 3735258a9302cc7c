import { expect, it } from 'vitest';
import { secretOf } from '../../../appliance/server/plugins/authenticate.ts';

it.each([
	[{ authorization: 'Bearer il_a' }, 'il_a'],
	[{ authorization: 'bearer  il_a ' }, 'il_a'],
	[{ 'x-api-key': 'il_b' }, 'il_b'],
	[{ 'x-innerloop-key': 'il_c', authorization: 'Bearer vendor', 'x-api-key': 'vendor' }, 'il_c'],
	[{ authorization: 'Basic abc', 'x-api-key': 'il_b' }, 'il_b'],
	[{ authorization: 'Bearer' }, undefined],
	[{}, undefined],
])('%j carries %s', (headers, secret) => {
	expect(secretOf(headers)).toBe(secret);
});
