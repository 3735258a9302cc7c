/** What the commands write on: text for people, JSON for programs, colour only where it is wanted. */

import type { Environment } from '../config/places.ts';

export interface Stream {
	readonly isTTY?: boolean;
	write(text: string): unknown;
}

export type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Readonly<Record<Paint, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' };

export class Terminal {
	/** Progress may renew its line. */
	readonly isInteractive: boolean;
	private readonly stdout: Stream;
	private readonly stderr: Stream;
	private readonly hasColor: boolean;

	constructor(stdout: Stream, stderr: Stream, env: Environment) {
		this.stdout = stdout;
		this.stderr = stderr;
		this.isInteractive = stderr.isTTY === true;
		this.hasColor = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
	}

	/** One or more lines of the result. */
	print(text: string): void {
		this.stdout.write(`${text}\n`);
	}

	/** A piece of a result that has line ends of its own. */
	write(text: string): void {
		this.stdout.write(text);
	}

	json(value: unknown): void {
		this.print(JSON.stringify(value, null, 2));
	}

	/** A remark beside the result. */
	note(text: string): void {
		this.stderr.write(`${text}\n`);
	}

	/** A line that the next one replaces; only where `isInteractive`. */
	renew(text: string): void {
		this.stderr.write(`\r\x1b[K${text}`);
	}

	paint(paint: Paint, text: string): string {
		return this.hasColor ? `\x1b[${CODES[paint]}m${text}\x1b[0m` : text;
	}
}

/** Columns as wide as their widest cell; numbers (by a leading sign, digit or $) stand right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const all = [head, ...rows];
	const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
	const isNumeric = head.map((_, column) => rows.every((row) => /^([-$]?[\d.]|-$)/.test(row[column] ?? '')));
	const line = (row: readonly string[]) =>
		row.map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ');
	return all.map((row) => line(row).trimEnd()).join('\n');
}
