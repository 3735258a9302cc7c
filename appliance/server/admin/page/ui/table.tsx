/** Tables that stay tables on a wide screen and become a list of cards on a narrow one. */

import type { ComponentChildren, JSX } from 'preact';

export interface Column<T> {
	readonly head: string;
	readonly cell: (row: T) => ComponentChildren;
	readonly isNumber?: boolean;
	/** Leads the card on a narrow screen. */
	readonly isTitle?: boolean;
	/** Long text may wrap; everything else keeps to its line. */
	readonly isLong?: boolean;
}

interface TableProps<T> {
	/** Said by screen readers; shown only where the card around it says something else. */
	readonly caption: string;
	readonly columns: readonly Column<T>[];
	readonly rows: readonly T[];
	readonly keyOf: (row: T) => string;
	readonly class?: string;
}

export function Table<T>({ caption, columns, rows, keyOf, class: extra = '' }: TableProps<T>): JSX.Element {
	return (
		<table class={`table ${extra}`}>
			<caption class="unseen">{caption}</caption>
			<thead>
				<tr>
					{columns.map(({ head, isNumber }) => (
						<th key={head} scope="col" class={isNumber === true ? 'number' : undefined}>
							{head}
						</th>
					))}
				</tr>
			</thead>
			<tbody>
				{rows.map((row) => (
					<tr key={keyOf(row)}>
						{columns.map((column) => (
							<Cell key={column.head} column={column} row={row} />
						))}
					</tr>
				))}
			</tbody>
		</table>
	);
}

function Cell<T>({ column, row }: { readonly column: Column<T>; readonly row: T }): JSX.Element {
	const { head, cell, isNumber, isTitle, isLong } = column;
	const names = [isNumber === true && 'number', isTitle === true && 'title', isLong === true && 'long'].filter(Boolean).join(' ');
	return (
		<td class={names === '' ? undefined : names} data-head={head === '' ? undefined : head}>
			{cell(row)}
		</td>
	);
}
