/** The tables of docs/money.md, made from the closed lists that the dialects check calls against. */

import { VENDOR_TOOLS } from '../appliance/dialect/anthropic/server-tools.ts';
import { COSTS, type CostField, type CostFields } from '../appliance/dialect/cost-fields.ts';
import { COST_LISTS } from '../appliance/dialect/cost-lists.ts';

/** What stands around the tables in the page. */
export const MARKS = { begin: '<!-- tables: npm run docs:money -->', end: '<!-- end of tables -->' } as const;

const row = (...cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function fieldRow({ name, cost, why, isBounded, count, passes = '' }: CostField): string {
	const others = isBounded === undefined ? '' : count === undefined ? `passes: ${passes}; refused otherwise` : `taken: ${passes}`;
	return row(`\`${name}\``, cost, others, why);
}

function fieldTable(dialect: string, fields: CostFields): string {
	return [
		`### ${dialect}: top-level fields`,
		'',
		row('field', 'cost', 'values', 'why'),
		'|---|---|---|---|',
		...[...fields.values()].map(fieldRow),
	].join('\n');
}

/** Everything between the marks. */
export function moneyTables(): string {
	const words = Object.entries(COSTS).map(([word, meaning]) => row(word, meaning));
	const tools = VENDOR_TOOLS.map(({ name, cost, why }) => row(`\`${name}\``, cost, why));
	return [
		[row('cost', 'meaning'), '|---|---|', ...words, row('refused', 'not taken on a key with a ceiling')].join('\n'),
		...Object.entries(COST_LISTS).map(([dialect, fields]) => fieldTable(dialect, fields)),
		['### anthropic: tools that the vendor defines', '', row('tool', 'cost', 'why'), '|---|---|---|', ...tools].join('\n'),
	].join('\n\n');
}
