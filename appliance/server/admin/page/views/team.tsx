/** Team: members with their budgets; one of them is a page of its own. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Member } from '../../../../protocol/ports.ts';
import { mayChange, post } from '../api.ts';
import * as format from '../format.ts';
import { live } from '../live.ts';
import { go, route } from '../router.ts';
import { Card, ViewHead } from '../ui/basics.tsx';
import { Dialog, Field, Form, type Values } from '../ui/form.tsx';
import { type Resource, useResource } from '../ui/resource.ts';
import { Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Dollars } from './limits-form.tsx';
import { loadTeam, OneMember, type TeamData } from './one-member.tsx';

export function Team(): JSX.Element {
	const team = useResource(loadTeam, 'team');
	const { rest } = route.value;
	return rest === '' ? <Members team={team} /> : <OneMember team={team} id={rest} />;
}

function Members({ team }: { readonly team: Resource<TeamData> }): JSX.Element {
	const [isAdding, setAdding] = useState(false);
	const add = async ({ name = '', dayUsd = '', monthUsd = '' }: Values) => {
		const amounts = { ...(dayUsd === '' ? {} : { dayUsd: Number(dayUsd) }), ...(monthUsd === '' ? {} : { monthUsd: Number(monthUsd) }) };
		const made = await post<Member>('/members', { name, ...amounts });
		setAdding(false);
		team.reload();
		go(`team/${made.id}`);
	};
	return (
		<>
			<ViewHead title="Team">
				{mayChange() && (
					<button type="button" class="primary" onClick={() => setAdding(true)}>
						Add a member
					</button>
				)}
			</ViewHead>
			<Card title="Members">
				<Shown of={team} what="members">
					{(data) => <MemberTable data={data} />}
				</Shown>
			</Card>
			{isAdding && (
				<Dialog title="Add a member" onClose={() => setAdding(false)}>
					<Form action="Add" onSubmit={add}>
						<Field label="Name">{(control) => <input {...control} name="name" required maxLength={100} />}</Field>
						<div class="fields">
							<Dollars name="dayUsd" label="Budget a day" />
							<Dollars name="monthUsd" label="Budget a month" />
						</div>
					</Form>
				</Dialog>
			)}
		</>
	);
}

function MemberTable({ data: { members, keys, accounts } }: { readonly data: TeamData }): JSX.Element {
	const spentOf = (id: string, period: string) =>
		live.value?.spend.find((row) => row.id === id && row.period === period)?.settledNanoUsd ?? 0;
	const keysOf = (id: string) => keys.filter((key) => key.memberId === id && !key.isRevoked).length;
	return (
		<Table
			caption="Members"
			rows={members}
			keyOf={({ id }) => id}
			columns={[
				{ head: 'Name', isTitle: true, cell: ({ id, name }) => <a href={`#/team/${id}`}>{name}</a> },
				{ head: 'Role', cell: ({ id }) => accounts.find(({ memberId }) => memberId === id)?.role ?? <span class="quiet">keys only</span> },
				{ head: 'Keys', isNumber: true, cell: ({ id }) => format.count(keysOf(id)) },
				{ head: 'Today', isNumber: true, cell: ({ id, dayNanoUsd }) => spentWords(spentOf(id, 'day'), dayNanoUsd) },
				{ head: 'This month', isNumber: true, cell: ({ id, monthNanoUsd }) => spentWords(spentOf(id, 'month'), monthNanoUsd) },
				{ head: 'Since', cell: ({ createdAt }) => format.dateTime(createdAt) },
			]}
		/>
	);
}

const spentWords = (spent: number, budget: number | undefined): string =>
	budget === undefined ? format.usd(spent) : `${format.usd(spent)} of ${format.usd(budget)}`;
