/** Team: members with their budgets and rules, keys that are shown once, accounts, and the way out with all data. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccountReport, AccountRole, NewPairingCodeReport } from '../../../../protocol/access.ts';
import type { KeysReport, MembersReport, NewKeyReport } from '../../../../protocol/admin.ts';
import type { ListedKey, Member } from '../../../../protocol/ports.ts';
import { get, mayChange, patch, post, remove } from '../api.ts';
import * as format from '../format.ts';
import { live } from '../live.ts';
import { go, route } from '../router.ts';
import { Badge, Card, Facts, ViewHead } from '../ui/basics.tsx';
import { Dialog, Field, Form, type Values } from '../ui/form.tsx';
import { Icon } from '../ui/icons.tsx';
import { type Resource, useResource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { KeyDialog, ShownKey } from './key-dialog.tsx';
import { Dollars, LimitsForm, limitsBody } from './limits-form.tsx';

interface TeamData {
	readonly members: readonly Member[];
	readonly keys: readonly ListedKey[];
	readonly accounts: readonly AccountReport[];
}

async function load(): Promise<TeamData> {
	const [{ members }, { keys }, { accounts }] = await Promise.all([
		get<MembersReport>('/members'),
		get<KeysReport>('/keys'),
		get<{ readonly accounts: readonly AccountReport[] }>('/accounts'),
	]);
	return { members, keys, accounts };
}

export function Team(): JSX.Element {
	const team = useResource(load, 'team');
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

function OneMember({ team, id }: { readonly team: Resource<TeamData>; readonly id: string }): JSX.Element {
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

interface KeysProps {
	readonly member: Member;
	readonly keys: readonly ListedKey[];
	readonly reload: () => void;
}

function Keys({ member, keys, reload }: KeysProps): JSX.Element {
	const [isMaking, setMaking] = useState(false);
	const [made, setMade] = useState<NewKeyReport>();
	const [leaving, setLeaving] = useState<ListedKey>();
	const done = (report: NewKeyReport) => {
		setMaking(false);
		setMade(report);
		reload();
	};
	return (
		<Card
			title="Keys"
			aside={
				mayChange() && (
					<button type="button" class="primary" onClick={() => setMaking(true)}>
						New key
					</button>
				)
			}
		>
			{keys.length === 0 ? (
				<Empty title="No key yet">A key lets a client call the box as {member.name}.</Empty>
			) : (
				<KeyTable keys={keys} onRevoke={setLeaving} />
			)}
			{isMaking && <KeyDialog member={member} onClose={() => setMaking(false)} onMade={done} />}
			{made !== undefined && (
				<Dialog title="The new key, shown this once" onClose={() => setMade(undefined)} isSticky>
					<ShownKey secret={made.secret} />
				</Dialog>
			)}
			{leaving !== undefined && (
				<Dialog title="Revoke this key?" onClose={() => setLeaving(undefined)}>
					<Form
						action="Revoke"
						isDanger
						onSubmit={async () => {
							await remove(`/keys/${leaving.id}`);
							setLeaving(undefined);
							reload();
						}}
					>
						<p class="lead">
							Clients that use <span class="mono">{leaving.id}</span> are refused from the next call on. It cannot be taken back.
						</p>
					</Form>
				</Dialog>
			)}
		</Card>
	);
}

function KeyTable({ keys, onRevoke }: { readonly keys: readonly ListedKey[]; readonly onRevoke: (key: ListedKey) => void }): JSX.Element {
	return (
		<Table
			caption="Keys"
			rows={keys}
			keyOf={({ id }) => id}
			columns={[
				{ head: 'Key', isTitle: true, cell: ({ id }) => <span class="mono">{id}</span> },
				{ head: 'State', cell: (key) => <KeyState {...key} /> },
				{ head: 'Tiers', cell: ({ allowedTiers }) => allowedTiers.join(', ') },
				{
					head: 'Ceiling a tree',
					isNumber: true,
					cell: ({ hasCeiling, treeCeilingNanoUsd }) =>
						!hasCeiling ? 'none' : treeCeilingNanoUsd === undefined ? 'as configured' : format.usd(treeCeilingNanoUsd),
				},
				{ head: 'Made', cell: ({ createdAt }) => format.dateTime(createdAt) },
				{
					head: 'Change',
					cell: (key) =>
						!key.isRevoked &&
						mayChange() && (
							<button type="button" class="small danger" onClick={() => onRevoke(key)} aria-label={`Revoke ${key.id}`}>
								Revoke
							</button>
						),
				},
			]}
		/>
	);
}

function KeyState({ isRevoked, expiresAtMs, isOwner, mayForce }: ListedKey): JSX.Element {
	if (isRevoked) return <Badge tone="bad">revoked</Badge>;
	if (expiresAtMs !== undefined && expiresAtMs < Date.now()) return <Badge tone="warn">expired</Badge>;
	return (
		<span class="pair">
			<Badge tone="good">good</Badge>
			{isOwner && <Badge>owner’s</Badge>}
			{mayForce && <Badge>may force</Badge>}
		</span>
	);
}

interface AccountProps {
	readonly member: Member;
	readonly account: AccountReport | undefined;
	readonly reload: () => void;
}

/** What the person may do on this page: set here, with a code by which they choose a password. */
function Account({ member, account, reload }: AccountProps): JSX.Element {
	const [code, setCode] = useState<NewPairingCodeReport>();
	const setRole = async ({ role = 'member' }: Values) => {
		await patch(`/accounts/${member.id}`, { role: role as AccountRole });
		reload();
	};
	const makeCode = async () => setCode(await post<NewPairingCodeReport>('/pairing/codes', { member: member.id }));
	const state =
		account === undefined
			? 'uses keys only'
			: account.hasPassword
				? `${account.role}, has a password`
				: `${account.role}, has set no password yet`;
	return (
		<Card title="Access to this page" aside={<span class="quiet">{state}</span>}>
			{mayChange() ? (
				<>
					<Form action="Set the role" onSubmit={setRole}>
						<Field
							label="Role"
							hint="a member sees their own calls; a viewer sees how the box is and what the team spends, and changes nothing"
						>
							{(control) => (
								<select {...control} name="role" defaultValue={account?.role ?? 'member'}>
									<option value="member">member</option>
									<option value="viewer">viewer</option>
									<option value="owner">owner</option>
								</select>
							)}
						</Field>
					</Form>
					<hr />
					<Form action="Make a code" onSubmit={makeCode}>
						<p class="quiet">
							A code lets {member.name} set a password here, or pair a computer with <code>innerloop connect</code>.
						</p>
					</Form>
				</>
			) : (
				<p class="quiet">An owner changes it.</p>
			)}
			{code !== undefined && (
				<Dialog title={`A code for ${member.name}, shown this once`} onClose={() => setCode(undefined)} isSticky>
					<div class="spaced">
						<p class="secret">{code.code}</p>
						<p class="quiet">It is taken once, until {format.dateTime(code.expiresAt)}.</p>
					</div>
				</Dialog>
			)}
		</Card>
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
