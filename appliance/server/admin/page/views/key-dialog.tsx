/** A new key: what it may do, its secret once, and the lines that each client needs with it. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewKeyReport, NewKeyRequest } from '../../../../protocol/admin.ts';
import { clientLines } from '../../../../protocol/client-lines.ts';
import type { Member } from '../../../../protocol/ports.ts';
import { TIERS } from '../../../../protocol/words.ts';
import { post } from '../api.ts';
import { CodeBlock, CopyButton, Dialog, Field, Form, numberIn, type Values } from '../ui/form.tsx';
import { Check, TierChecks, tiersIn } from './limits-form.tsx';

interface KeyDialogProps {
	readonly member: Member;
	readonly onClose: () => void;
	readonly onMade: (report: NewKeyReport) => void;
}

export function KeyDialog({ member, onClose, onMade }: KeyDialogProps): JSX.Element {
	const submit = async (values: Values) => onMade(await post<NewKeyReport>('/keys', bodyOf(member, values)));
	return (
		<Dialog title={`A new key for ${member.name}`} onClose={onClose}>
			<Form action="Make the key" onSubmit={submit}>
				<div class="fields">
					<Field label="Most that one call tree may cost, $" hint="empty: as configured">
						{(control) => <input {...control} name="treeCeilingUsd" type="number" min={0} step="any" inputMode="decimal" />}
					</Field>
					<Field label="Good until" hint="empty: until it is revoked">
						{(control) => <input {...control} name="expires" type="date" />}
					</Field>
				</div>
				<TierChecks allowed={TIERS} />
				<Check name="mayForce" isOn={false} label="May force a role, tier or deployment by header" />
				<Check name="isOwner" isOn={false} label="May administer the box (an owner’s key)" />
			</Form>
		</Dialog>
	);
}

function bodyOf({ id }: Member, values: Values): NewKeyRequest {
	const ceiling = numberIn(values, 'treeCeilingUsd');
	const { expires = '' } = values;
	return {
		member: id,
		allowedTiers: tiersIn(values),
		mayForce: values.mayForce !== undefined,
		isOwner: values.isOwner !== undefined,
		...(ceiling === undefined ? {} : { treeCeilingUsd: ceiling }),
		...(expires === '' ? {} : { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
	};
}

export function ShownKey({ secret }: { readonly secret: string }): JSX.Element {
	const blocks = clientLines({ address: location.origin, key: secret });
	const [chosen, setChosen] = useState(blocks[0]?.client ?? '');
	const block = blocks.find(({ client }) => client === chosen);
	return (
		<div class="spaced">
			<p>
				Copy it now: the box keeps only a hash of it. <CopyButton text={secret} label="Copy the key" />
			</p>
			<p class="secret">{secret}</p>
			<Field label="Lines for" hint={block?.note}>
				{(control) => (
					<select {...control} value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
						{blocks.map(({ client }) => (
							<option key={client} value={client}>
								{client}
							</option>
						))}
					</select>
				)}
			</Field>
			{block?.parts.map(({ place, lines }) => (
				<CodeBlock key={place} label={place} lines={lines} />
			))}
		</div>
	);
}
