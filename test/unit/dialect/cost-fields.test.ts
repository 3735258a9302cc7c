import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COST_LISTS } from '../../../appliance/dialect/cost-lists.ts';
import { DIALECTS, type DialectName } from '../../../appliance/protocol/words.ts';
import { MARKS, moneyTables } from '../../../scripts/money-tables.ts';
import { COST_CASES } from '../../support/cost-cases.ts';
import { decode } from './wire.ts';

const PLAIN: Readonly<Partial<Record<DialectName, object>>> = {
	anthropic: { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'x' }] },
	'chat-completions': { model: 'm', messages: [{ role: 'user', content: 'x' }] },
	responses: { model: 'm', input: 'x' },
};

const LISTED = DIALECTS.filter((dialect) => PLAIN[dialect] !== undefined);
const cases = LISTED.flatMap((dialect) => (COST_CASES[dialect] ?? []).map((one) => ({ dialect, ...one })));

describe('the closed list of fields', () => {
	it.each(cases)('$dialect $field = $value', ({ dialect, field, value, becomes, named = field }) => {
		const { unboundedFields, unknownFields, size } = decode(dialect, { ...PLAIN[dialect], [field]: value });
		expect(unknownFields).toBeUndefined();
		expect(unboundedFields).toEqual(becomes === 'refused' ? [named] : []);
		if (becomes !== 'refused') expect(size).toMatchObject(becomes);
	});

	it.each(LISTED)('has a costly value in these tests for every field that has any (%s)', (dialect) => {
		const choosy = [...COST_LISTS[dialect].values()].filter(({ isBounded }) => isBounded !== undefined).map(({ name }) => name);
		const tested = new Set(COST_CASES[dialect]?.map(({ field }) => field));
		expect(choosy.filter((name) => !tested.has(name))).toEqual([]);
		for (const name of choosy) expect(COST_LISTS[dialect].get(name)?.passes, name).toBeTypeOf('string');
	});

	it.each(LISTED)('names a field of tomorrow as unknown, whatever its value (%s)', (dialect) => {
		const call = decode(dialect, { ...PLAIN[dialect], a_field_of_tomorrow: null });
		expect(call.unknownFields).toEqual(['a_field_of_tomorrow']);
		expect(call.unboundedFields).toEqual([]);
	});

	it('is the one that docs/money.md shows (npm run docs:money writes it)', () => {
		const text = readFileSync(join(import.meta.dirname, '../../../docs/money.md'), 'utf8');
		const [, tables] = text.split(MARKS.begin);
		expect(tables?.split(MARKS.end)[0]?.trim()).toBe(moneyTables().trim());
	});
});
