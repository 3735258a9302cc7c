/** What a member may do on this page: their role, and the code by which they choose a password. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AccountReport, AccountRole, NewPairingCodeReport } from '../../../../protocol/access.ts';
import type { Member } from '../../../../protocol/ports.ts';
import { mayChange, patch, post } from '../api.ts';
import * as format from '../format.ts';
import { Card } from '../ui/basics.tsx';
import { Dialog, Field, Form, type Values } from '../ui/form.tsx';

interface AccountProps {
	readonly member: Member;
	readonly account: AccountReport | undefined;
	readonly reload: () => void;
}

/** What the person may do on this page: set here, with a code by which they choose a password. */
export function Account({ member, account, reload }: AccountProps): JSX.Element {
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
