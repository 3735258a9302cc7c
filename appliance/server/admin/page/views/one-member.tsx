/** One member: keys, budgets and limits, access, and the way out with all data. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccountReport } from '../../../../protocol/access.ts';
import type { KeysReport, MembersReport } from '../../../../protocol/admin.ts';
import type { ListedKey, Member } from '../../../../protocol/ports.ts';
import { get, mayChange, patch, remove } from '../api.ts';
import * as format from '../format.ts';
import { go } from '../router.ts';
import { Card, Facts, ViewHead } from '../ui/basics.tsx';
import { Dialog, Field, Form, type Values } from '../ui/form.tsx';
import { Icon } from '../ui/icons.tsx';
import type { Resource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { LimitsForm, limitsBody } from './limits-form.tsx';
import { Account } from './member-account.tsx';
import { Keys } from './member-keys.tsx';

export interface TeamData {
	readonly members: readonly Member[];
	readonly keys: readonly ListedKey[];
	readonly accounts: readonly AccountReport[];
}

export async function loadTeam(): Promise<TeamData> {
	const [{ members }, { keys }, { accounts }] = await Promise.all([
		get<MembersReport>('/members'),
		get<KeysReport>('/keys'),
		get<{ readonly accounts: readonly AccountReport[] }>('/accounts'),
	]);
	return { members, keys, accounts };
}

export function OneMember({ team, id }: { readonly team: Resource<TeamData>; readonly id: string }): JSX.Element {
	return (
		<Shown of={team} what="the member">
			{(data) => {
				const member = data.members.find((one) => one.id === id);
				if (member === undefined)
					return (
						<Empty title="There is no such member">
							<a href="#/team">All members</a>
						</Empty>
					);
				return <MemberPage data={data} member={member} reload={team.reload} />;
			}}
		</Shown>
	);
}

interface MemberPageProps {
	readonly data: TeamData;
	readonly member: Member;
	readonly reload: () => void;
}

function MemberPage({ data, member, reload }: MemberPageProps): JSX.Element {
	const keys = data.keys.filter(({ memberId }) => memberId === member.id);
	const account = data.accounts.find(({ memberId }) => memberId === member.id);
	const [isLeaving, setLeaving] = useState(false);
	return (
		<>
			<ViewHead title={member.name}>
				<a class="button" href="#/team">
					<Icon name="back" /> Team
				</a>
			</ViewHead>
			<Keys member={member} keys={keys} reload={reload} />
			<div class="halves">
				<Card title="Budgets and limits">
					{mayChange() ? (
						<Form
							action="Save"
							onSubmit={async (values) => {
								await patch(`/members/${member.id}`, limitsBody(values));
								reload();
							}}
						>
							<LimitsForm member={member} />
						</Form>
					) : (
						<LimitFacts member={member} />
					)}
				</Card>
				<div class="stack">
					<Account member={member} account={account} reload={reload} />
					{mayChange() && (
						<Card title="Delete with all data">
							<p class="quiet">
								Takes the keys away at once and deletes calls, bills and trees of {member.name}. The team’s sums by day stay.
							</p>
							<p class="form-foot">
								<button type="button" class="danger" onClick={() => setLeaving(true)}>
									Delete {member.name}
								</button>
							</p>
						</Card>
					)}
				</div>
			</div>
			{isLeaving && <DeleteDialog member={member} onClose={() => setLeaving(false)} onDone={reload} />}
		</>
	);
}

function LimitFacts({ member: { dayNanoUsd, monthNanoUsd, rules = {} } }: { readonly member: Member }): JSX.Element {
	const budget = (value: number | undefined) => (value === undefined ? 'none of its own' : format.usd(value));
	return (
		<Facts
			rows={[
				['Budget a day', budget(dayNanoUsd)],
				['Budget a month', budget(monthNanoUsd)],
				['Calls a minute', rules.requestsPerMinute ?? 'not limited'],
				['Calls at once', rules.parallelCalls ?? 'not limited'],
				['Text leaves the box', rules.isLocalOnly === true ? 'never' : 'where a call needs it'],
			]}
		/>
	);
}

interface DeleteProps {
	readonly member: Member;
	readonly onClose: () => void;
	readonly onDone: () => void;
}

function DeleteDialog({ member, onClose, onDone }: DeleteProps): JSX.Element {
	const submit = async ({ name = '' }: Values) => {
		if (name !== member.name) throw new Error(`Type ${member.name} to delete ${member.name}.`);
		await remove(`/members/${member.id}`);
		go('team');
		onDone();
	};
	return (
		<Dialog title={`Delete ${member.name} with all data?`} onClose={onClose}>
			<Form action="Delete for good" onSubmit={submit} isDanger>
				<Field label={`Type the name: ${member.name}`}>{(control) => <input {...control} name="name" required autocomplete="off" />}</Field>
			</Form>
		</Dialog>
	);
}
