/** Calls: what was decided about each and why, and what would be decided about one that is pasted. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallsReport, DeploymentReport, MembersReport } from '../../../../protocol/admin.ts';
import type { Tier } from '../../../../protocol/words.ts';
import { get, say, session } from '../api.ts';
import { recent } from '../live.ts';
import { route } from '../router.ts';
import { Card, ViewHead } from '../ui/basics.tsx';
import { Field } from '../ui/form.tsx';
import { useResource } from '../ui/resource.ts';
import { Empty, Failure, Shown } from '../ui/states.tsx';
import { CallDetail } from './call-detail.tsx';
import { CallTable, lineOfRecord } from './call-table.tsx';
import { DryRun } from './dry-run.tsx';

const PAGE_CALLS = 50;
const TYPING_MS = 300;

export function Calls(): JSX.Element {
	const { rest } = route.value;
	if (rest !== '' && rest !== 'try') return <CallDetail id={rest} />;
	return (
		<>
			<ViewHead title="Calls" />
			<nav class="tabs" aria-label="Of calls">
				<a href="#/calls" aria-current={rest === '' ? 'page' : undefined}>
					What happened
				</a>
				<a href="#/calls/try" aria-current={rest === 'try' ? 'page' : undefined}>
					Dry run
				</a>
			</nav>
			{rest === 'try' ? <DryRun /> : <History />}
		</>
	);
}

interface Filter {
	readonly text: string;
	readonly member: string;
	readonly role: string;
	readonly tier: string;
	readonly result: string;
}

const NOTHING: Filter = { text: '', member: '', role: '', tier: '', result: '' };

function queryOf({ text, ...rest }: Filter): string {
	const query = new URLSearchParams({ limit: String(PAGE_CALLS) });
	for (const [name, value] of Object.entries({ q: text.trim(), ...rest })) if (value !== '') query.set(name, value);
	return query.toString();
}

function History(): JSX.Element {
	const [filter, setFilter] = useState(NOTHING);
	const query = useSettled(queryOf(filter));
	const calls = useResource(() => get<CallsReport>(`/calls?${query}`), query);
	const [older, setOlder] = useState<CallsReport>();
	const [failure, setFailure] = useState<string>();
	const deployments = useResource(() => get<{ readonly deployments: readonly DeploymentReport[] }>('/deployments'), 'deployments');
	const tierOf = (id: string): Tier | undefined =>
		deployments.value?.deployments.find(({ deployment }) => deployment.id === id)?.deployment.tier;
	// What was loaded belongs to the query before.
	useEffect(() => setOlder(undefined), [query]);
	const more = async (before: number) => {
		try {
			const next = await get<CallsReport>(`/calls?${query}&before=${before}`);
			setOlder((loaded) => ({ ...next, calls: [...(loaded?.calls ?? []), ...next.calls] }));
			setFailure(undefined);
		} catch (error) {
			setFailure(say(error));
		}
	};
	return (
		<Card title="History" aside={<Fresh reload={calls.reload} />}>
			<Filters filter={filter} onChange={setFilter} />
			<Shown of={calls} what="calls">
				{(first) => {
					const lines = [...first.calls, ...(older?.calls ?? [])].map((record) => lineOfRecord(record, tierOf));
					const next = (older ?? first).next;
					if (lines.length === 0)
						return <Empty title="No such call">Nothing in the history fits. Calls are kept as long as the retention says.</Empty>;
					return (
						<>
							<CallTable lines={lines} caption="Calls that fit, the newest first" />
							{failure !== undefined && <Failure message={failure} />}
							{next !== undefined && (
								<p class="form-foot">
									<button type="button" onClick={() => void more(next)}>
										Older calls
									</button>
								</p>
							)}
						</>
					);
				}}
			</Shown>
		</Card>
	);
}

/** Says that there is more than the list shows, and leaves the list alone until it is asked. */
function Fresh({ reload }: { readonly reload: () => void }): JSX.Element {
	const newest = recent.value[0];
	const seen = useRef(newest);
	const isNew = newest !== seen.current;
	return (
		<button
			type="button"
			class="small"
			onClick={() => {
				seen.current = recent.value[0];
				reload();
			}}
		>
			{isNew ? 'Show new calls' : 'Reload'}
		</button>
	);
}

function Filters({ filter, onChange }: { readonly filter: Filter; readonly onChange: (filter: Filter) => void }): JSX.Element {
	const isOwner = session.value?.who?.role === 'owner';
	const set = (name: keyof Filter) => (event: Event) => {
		const { target } = event;
		if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) onChange({ ...filter, [name]: target.value });
	};
	return (
		<search class="filters">
			<Field label="Search">
				{(control) => (
					<input {...control} type="search" placeholder="id, model, deployment, reason" value={filter.text} onInput={set('text')} />
				)}
			</Field>
			{isOwner && <MemberField value={filter.member} onChange={set('member')} />}
			<Pick label="Role" value={filter.role} options={['outer', 'mid', 'inner']} onChange={set('role')} />
			<Pick label="Tier" value={filter.tier} options={['local', 'mid', 'frontier']} onChange={set('tier')} />
			<Pick label="Result" value={filter.result} options={['ok', 'failed']} onChange={set('result')} />
		</search>
	);
}

function MemberField({ value, onChange }: { readonly value: string; readonly onChange: (event: Event) => void }): JSX.Element {
	const members = useResource(() => get<MembersReport>('/members'), 'members');
	return <Pick label="Member" value={value} options={members.value?.members.map(({ name }) => name) ?? []} onChange={onChange} />;
}

interface PickProps {
	readonly label: string;
	readonly value: string;
	readonly options: readonly string[];
	readonly onChange: (event: Event) => void;
}

function Pick({ label, value, options, onChange }: PickProps): JSX.Element {
	return (
		<Field label={label}>
			{(control) => (
				<select {...control} value={value} onChange={onChange}>
					<option value="">any</option>
					{options.map((option) => (
						<option key={option} value={option}>
							{option}
						</option>
					))}
				</select>
			)}
		</Field>
	);
}

/** What is typed is asked for once the typing rests. */
function useSettled(value: string): string {
	const [settled, setSettled] = useState(value);
	useEffect(() => {
		const timer = setTimeout(() => setSettled(value), TYPING_MS);
		return () => clearTimeout(timer);
	}, [value]);
	return settled;
}
