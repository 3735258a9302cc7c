/** `innerloop spend export`: tables of spending as CSV, for a spreadsheet or the accounts. */

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../protocol/problem.ts';
import { SPEND_BY, type SpendExport } from '../protocol/spend-export.ts';
import { withAdmin } from './admin.ts';
import { defineCommand, EXIT, UsageError } from './command.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION } from './places.ts';

export const spendExport = defineCommand({
	name: 'spend export',
	summary: 'Write what was spent as CSV.',
	options: {
		by: { type: 'string', value: 'WORD', help: `A line for each ${SPEND_BY.join(', ')}. Default: day.` },
		from: { type: 'string', value: 'DAY', help: 'First day, like 2026-11-01. Default: the first of the last day’s month.' },
		to: { type: 'string', value: 'DAY', help: 'Last day. Default: today.' },
		csv: { type: 'string', value: 'FILE', help: 'File to write; default: standard output.' },
		...DATA_OPTION,
		...CONFIG_OPTION,
		...ADDRESS_OPTION,
	},
	details:
		'Days are UTC. Sums by day and member are kept for good, single bills and calls as long as the retention says. Amounts are US dollars.',
	async run({ values }, context) {
		const request = requestOf(values);
		const { csv } = values;
		if (values.json && csv === undefined) throw new UsageError('The table itself is CSV: --json goes with --csv FILE.');
		await withAdmin(values, context, async (admin) => {
			const pieces = admin.exportSpend(request);
			if (csv !== undefined) await pipeline(pieces, createWriteStream(csv, { mode: 0o600 })).catch((error: unknown) => refuse(error, csv));
			else for await (const text of decoded(pieces)) context.terminal.write(text);
		});
		if (values.json) context.terminal.json({ file: csv, ...request });
		else if (csv !== undefined) context.terminal.print(`${csv}: spending by ${request.by} from ${request.from} to ${request.to}.`);
		return EXIT.ok;
	},
});

/** A character may be cut between two pieces. */
async function* decoded(pieces: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	for await (const piece of pieces) yield typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
}

type Values = { readonly by?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined };

function requestOf({ by = 'day', from, to }: Values): SpendExport {
	const known = SPEND_BY.find((word) => word === by);
	if (known === undefined) throw new UsageError(`--by is one of ${SPEND_BY.join(', ')}; not ${JSON.stringify(by)}.`);
	const last = to === undefined ? new Date().toISOString().slice(0, 10) : parseDay(to, '--to');
	const first = from === undefined ? `${last.slice(0, 7)}-01` : parseDay(from, '--from');
	if (first > last) throw new UsageError(`--from ${first} is behind --to ${last}.`);
	return { by: known, from: first, to: last };
}

function parseDay(text: string, option: string): string {
	const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
	if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return text;
	throw new UsageError(`${option} takes a day like 2026-11-23, not ${JSON.stringify(text)}.`);
}

function refuse(error: unknown, file: string): never {
	if (error instanceof Problem) throw error;
	throw new Problem('invalid-call', `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`, {
		cause: error,
	});
}
