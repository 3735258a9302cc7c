/** A benchmark's figures: printed as a table, written as JSON. */

import { writeFileSync } from 'node:fs';
import { type Machine, readCommit, readMachine } from './machine.ts';

export interface Figure {
	/** Stable and unique in its report, for example `innerloop/41kB/added-p50`. */
	readonly name: string;
	readonly value: number;
	readonly unit: string;
	/** What we mean to reach. */
	readonly target?: { readonly is: '<' | '>='; readonly value: number };
}

export interface Report {
	readonly machine: Machine;
	readonly commit: string;
	readonly figures: readonly Figure[];
}

export function makeReport(root: string, figures: readonly Figure[]): Report {
	return { machine: readMachine(), commit: readCommit(root), figures };
}

/** At most three decimals, fewer for large values. */
export function formatValue(value: number): string {
	if (!Number.isFinite(value)) return '–';
	const size = Math.abs(value);
	return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Undefined when the figure has no target. */
function reachesTarget({ value, target }: Figure): boolean | undefined {
	if (target === undefined) return undefined;
	return target.is === '<' ? value < target.value : value >= target.value;
}

export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
	const widths = header.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
	const line = (cells: readonly string[]) =>
		cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
	console.log(line(header));
	console.log(widths.map((width) => '─'.repeat(width)).join('  '));
	for (const row of rows) console.log(line(row));
}

export function printTargets(figures: readonly Figure[]): void {
	const rows = figures.flatMap((figure) => {
		const { target } = figure;
		if (target === undefined) return [];
		return [
			[
				figure.name,
				`${formatValue(figure.value)} ${figure.unit}`,
				`${target.is} ${target.value}`,
				reachesTarget(figure) ? 'reached' : 'MISSED',
			],
		];
	});
	printTable(['figure', 'measured', 'target', ''], rows);
}

export function writeReport(file: string, report: Report): void {
	writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
