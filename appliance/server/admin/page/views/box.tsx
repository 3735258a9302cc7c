/** Box: the model and the program, where it is in the network, backup, log, and who did what. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuditReport } from '../../../../protocol/access.ts';
import type { BoxReport, LogReport, RestoreReport } from '../../../../protocol/admin.ts';
import { get, linkTo, mayChange, post, session } from '../api.ts';
import * as format from '../format.ts';
import { live } from '../live.ts';
import { Badge, Card, Facts, Scroll, ViewHead } from '../ui/basics.tsx';
import { Field, Form, type Values } from '../ui/form.tsx';
import { useResource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

export function BoxView(): JSX.Element {
	const box = useResource(() => get<BoxReport>('/box'), 'box');
	return (
		<>
			<ViewHead title="Box">
				{mayChange() && (
					<a class="button" href={linkTo('/support')} download>
						Support bundle
					</a>
				)}
			</ViewHead>
			<Shown of={box} what="the box">
				{(report) => (
					<div class="halves">
						<Model report={report} />
						<Program report={report} />
						<Network report={report} />
						<Password />
					</div>
				)}
			</Shown>
			{mayChange() && (
				<>
					<div class="halves">
						<Backup />
						<Restore />
					</div>
					<Audit />
					<Log />
				</>
			)}
		</>
	);
}

function Model({ report: { engine } }: { readonly report: BoxReport }): JSX.Element {
	const now = { ...engine, ...live.value?.engine };
	return (
		<Card title="Local model" aside={<Badge tone={now.state === 'ready' ? 'good' : 'plain'}>{now.state}</Badge>}>
			<Facts
				rows={[
					['Model', now.model ?? 'none'],
					['Window', now.contextTokens === 0 ? '—' : `${format.count(now.contextTokens)} tokens a slot`],
					['Slots', now.slots],
					['Reads', now.rates === undefined ? 'not measured yet' : `${now.rates.prefillTokensPerSecond.toFixed(0)} tokens/s`],
					['Writes', now.rates === undefined ? 'not measured yet' : `${now.rates.decodeTokensPerSecond.toFixed(1)} tokens/s`],
					['Engine', engine.build === 'own' ? 'built on this box' : 'prebuilt'],
					['Memory', engine.rssBytes === undefined ? '—' : format.bytes(engine.rssBytes)],
				]}
			/>
			{now.detail !== undefined && <p class="quiet">{now.detail}</p>}
			<p class="quiet small-text">
				Another model: <code>innerloop model list</code> on the box, or <code>local.model</code> under Tiers.
			</p>
		</Card>
	);
}

function Program({ report }: { readonly report: BoxReport }): JSX.Element {
	const started = live.value?.box.startedAt;
	return (
		<Card title="Program and updates">
			<Facts
				rows={[
					['Innerloop', report.version],
					['Runs since', started === undefined ? '—' : format.dateTime(started)],
					['Node', report.node],
					['System', report.system],
					[
						'Data',
						<span key="data" class="mono">
							{report.dataDir}
						</span>,
					],
					['Database', format.bytes(report.databaseBytes)],
					['Calls kept', `${report.retention.callDays} days, at most ${format.count(report.retention.calls)}`],
				]}
			/>
			<p class="quiet small-text">
				The box looks for no updates by itself: it calls nobody but its providers. Get the new version, and start it.
			</p>
		</Card>
	);
}

function Network({ report: { hostName, addresses, listensAt } }: { readonly report: BoxReport }): JSX.Element {
	const isHere = listensAt.includes('127.0.0.1') || listensAt.includes('[::1]');
	return (
		<Card title="Network">
			<Facts
				rows={[
					['Name', hostName],
					['In the network', `${hostName.replace(/\.local$/, '')}.local`],
					['Addresses', addresses.length === 0 ? 'none' : addresses.join(', ')],
					['Listens at', listensAt],
					['You are at', location.host],
				]}
			/>
			{isHere && (
				<p class="quiet small-text">
					A loopback address reaches this machine alone. <code>server.host</code> under Tiers opens the box to the network.
				</p>
			)}
		</Card>
	);
}

function Password(): JSX.Element {
	const [isDone, setDone] = useState(false);
	const submit = async ({ current = '', next = '', again = '' }: Values) => {
		if (next !== again) throw new Error('The two new passwords differ.');
		await post('/session/password', { current, next });
		setDone(true);
	};
	return (
		<Card title="Your password" aside={<span class="quiet">{session.value?.who?.name}</span>}>
			<Form
				action="Change it"
				onSubmit={submit}
				aside={<span aria-live="polite">{isDone && <Badge tone="good">changed; other sessions have ended</Badge>}</span>}
			>
				<Field label="Now">
					{(control) => <input {...control} name="current" type="password" required autocomplete="current-password" />}
				</Field>
				<div class="fields">
					<Field label="New">
						{(control) => <input {...control} name="next" type="password" required minLength={8} autocomplete="new-password" />}
					</Field>
					<Field label="The same again">
						{(control) => <input {...control} name="again" type="password" required minLength={8} autocomplete="new-password" />}
					</Field>
				</div>
			</Form>
		</Card>
	);
}

function Backup(): JSX.Element {
	return (
		<Card title="Backup">
			<p class="quiet">
				Ledger, members, keys (as hashes), calls and the configuration, in one file. It is made while the box goes on. Keep it as you keep
				keys.
			</p>
			<p class="form-foot">
				<a class="button" href={linkTo('/backup')} download>
					Download a backup
				</a>
			</p>
		</Card>
	);
}

function Restore(): JSX.Element {
	const [file, setFile] = useState<File>();
	const [report, setReport] = useState<RestoreReport>();
	const submit = async () => {
		if (file === undefined) throw new Error('Choose a backup first.');
		setReport(await post<RestoreReport>('/restore', file));
	};
	return (
		<Card title="Restore">
			<Form action="Put it back" onSubmit={submit} isDanger>
				<Field label="Backup file" hint="It is checked first. The next start takes it; what is there now is kept beside it.">
					{(control) => (
						<input {...control} type="file" accept=".db" required onChange={(event) => setFile(event.currentTarget.files?.[0])} />
					)}
				</Field>
			</Form>
			<div aria-live="polite">
				{report !== undefined && (
					<p>
						<Badge tone="good">ready</Badge> {format.plural(report.members, 'member')} and {format.plural(report.calls, 'call')} wait for
						the next start. Start the box again to take them.
					</p>
				)}
			</div>
		</Card>
	);
}

function Audit(): JSX.Element {
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

function Log(): JSX.Element {
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
