/** Comma-separated values by RFC 4180, in cells that no spreadsheet takes for a formula. */

/** What begins a formula in a spreadsheet, tab and line ends included, since some strip them first. */
const FORMULA = /^[\s]*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/;
const NEEDS_QUOTES = /[",\r\n]/;

export type Cell = string | number | boolean | null;

/** One record with its CRLF. Numbers stand as they are; text that could be a formula gets an apostrophe in front. */
export function csvLine(cells: readonly Cell[]): string {
	return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
	if (cell === null) return '';
	if (typeof cell !== 'string') return String(cell);
	const text = FORMULA.test(cell) ? `'${cell}` : cell;
	return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Dollars with all nine digits of a nano-USD, by whole-number arithmetic. */
export function csvUsd(nanoUsd: number): string {
	return `${Math.floor(nanoUsd / 1e9)}.${String(nanoUsd % 1e9).padStart(9, '0')}`;
}
