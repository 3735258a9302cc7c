/** A member's keys: made and shown once, listed, revoked. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewKeyReport } from '../../../../protocol/admin.ts';
import type { ListedKey, Member } from '../../../../protocol/ports.ts';
import { mayChange, remove } from '../api.ts';
import * as format from '../format.ts';
import { Badge, Card } from '../ui/basics.tsx';
import { Dialog, Form } from '../ui/form.tsx';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { KeyDialog, ShownKey } from './key-dialog.tsx';

interface KeysProps {
	readonly member: Member;
	readonly keys: readonly ListedKey[];
	readonly reload: () => void;
}

export function Keys({ member, keys, reload }: KeysProps): JSX.Element {
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
