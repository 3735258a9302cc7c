/** The conformance table: what holds for each way to announce the box, as markdown between two marks in docs/discovery.md. */

import { ADVERTISERS } from '../../appliance/protocol/discovery.ts';
import type { DiscoveryTools } from '../support/discovery-tools.ts';
import { LINES, type Line, type Results, runConformance } from './conformance.ts';

const BEGIN = '<!-- mdns: written by `npm run conformance:mdns` -->';
const END = '<!-- /mdns -->';

export type Columns = Readonly<Record<string, Results>>;

/** Side by side: each waits most of its time, in a lab of its own. */
export async function runAdvertisers(tools: DiscoveryTools): Promise<Columns> {
	return Object.fromEntries(await Promise.all(ADVERTISERS.map(async (name) => [name, await runConformance(name, tools)] as const)));
}

/** The mark, or what is wrong. */
export function cellOf(results: Results | undefined, line: Line): string {
	const result = results?.[line];
	return result === undefined ? 'not run' : (result.fault ?? '✓');
}

export function asMarkdown(columns: Columns): string {
	const names = Object.keys(columns);
	const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	const head = [row(['', ...names]), row(['---', ...names.map(() => '---')])];
	return [...head, ...LINES.map((line) => row([line, ...names.map((name) => cellOf(columns[name], line))]))].join('\n');
}

/** @returns line → advertiser → cell */
export function readTable(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
	const { from, to } = placeIn(text);
	const [head = [], , ...rows] = text
		.slice(from, to)
		.trim()
		.split('\n')
		.map((line) =>
			line
				.split('|')
				.map((cell) => cell.trim())
				.slice(1, -1),
		);
	return new Map(
		rows.map(([line = '', ...cells]) => [line, Object.fromEntries(cells.map((cell, index) => [head[index + 1] ?? '', cell]))]),
	);
}

export function withTable(text: string, table: string): string {
	const { from, to } = placeIn(text);
	return `${text.slice(0, from)}\n\n${table}\n\n${text.slice(to)}`;
}

function placeIn(text: string): { readonly from: number; readonly to: number } {
	const from = text.indexOf(BEGIN) + BEGIN.length;
	const to = text.indexOf(END);
	if (from < BEGIN.length || to < from) throw new Error(`There is no place for the table: put ${BEGIN} and ${END} into it.`);
	return { from, to };
}
