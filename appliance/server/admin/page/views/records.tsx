/** What happened on the box: who did what, and the log's last lines. */

import type { JSX } from 'preact';
import type { AuditReport } from '../../../../protocol/access.ts';
import type { LogReport } from '../../../../protocol/admin.ts';
import { get } from '../api.ts';
import * as format from '../format.ts';
import { Badge, Card, Scroll } from '../ui/basics.tsx';
import { useResource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

export function Audit(): JSX.Element {
	const audit = useResource(() => get<AuditReport>('/audit?limit=25'), 'audit');
	return (
		<Card title="Who did what" aside={<span class="quiet">the last 25 changes and logins</span>}>
			<Shown of={audit} what="the audit log">
				{({ entries }) =>
					entries.length === 0 ? (
						<Empty title="Nothing yet" />
					) : (
						<Table
							caption="Admin actions, the newest first"
							rows={entries}
							keyOf={({ number }) => String(number)}
							columns={[
								{ head: 'When', isTitle: true, cell: ({ at }) => format.dateTime(at) },
								{
									head: 'Who',
									cell: ({ who, via }) => (
										<>
											{who} <span class="quiet">by {via}</span>
										</>
									),
								},
								{
									head: 'What',
									isLong: true,
									cell: ({ action, subject, fields }) => `${action} ${subject}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}`,
								},
								{ head: 'From', cell: ({ from }) => from },
								{ head: 'Result', isNumber: true, cell: ({ status }) => <Badge tone={status < 400 ? 'good' : 'warn'}>{status}</Badge> },
							]}
						/>
					)
				}
			</Shown>
		</Card>
	);
}

export function Log(): JSX.Element {
	const log = useResource(() => get<LogReport>('/log?limit=200'), 'log');
	return (
		<Card
			title="Log"
			aside={
				<button type="button" class="small" onClick={log.reload}>
					Reload
				</button>
			}
		>
			<Shown of={log} what="the log">
				{({ lines }) => (
					<Scroll label="The log’s last lines" class="log">
						{lines.toReversed().map((line, index) => (
							<LogLine key={`${index}-${line.slice(0, 60)}`} line={line} />
						))}
					</Scroll>
				)}
			</Shown>
		</Card>
	);
}

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

function LogLine({ line }: { readonly line: string }): JSX.Element {
	const { level, time, msg, ...facts } = partsOf(line);
	const word = LEVELS[level] ?? '';
	return (
		<div class={`log-line ${word}`}>
			<span class="quiet">{time === '' ? '' : format.clockTime(time)}</span>{' '}
			{word !== 'info' && <Badge tone={level >= 50 ? 'bad' : 'warn'}>{word}</Badge>} <strong>{msg}</strong>{' '}
			<span class="quiet">{Object.keys(facts).length === 0 ? '' : JSON.stringify(facts)}</span>
		</div>
	);
}

function partsOf(line: string): { readonly level: number; readonly time: string; readonly msg: string } {
	try {
		return { level: 30, time: '', msg: '', ...(JSON.parse(line) as object) };
	} catch {
		return { level: 30, time: '', msg: line };
	}
}
