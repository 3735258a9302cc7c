/** A provider's key: typed in once, tried live, kept sealed on the box, and never shown again. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SecretReport, SecretsReport } from '../../../../protocol/access.ts';
import type { ProviderReport, ProviderTest } from '../../../../protocol/admin.ts';
import { get, post, put, remove, say } from '../api.ts';
import { Badge } from '../ui/basics.tsx';
import { Field, Form, type Values } from '../ui/form.tsx';

export interface ProviderWithKeys extends ProviderReport {
	/** Of its own alone. */
	readonly keys: readonly SecretReport[];
}

/** Which providers there are, and where the key of each comes from. */
export async function readProviders(): Promise<readonly ProviderWithKeys[]> {
	const [{ providers }, { secrets }] = await Promise.all([
		get<{ readonly providers: readonly ProviderReport[] }>('/providers'),
		get<SecretsReport>('/secrets'),
	]);
	return providers.map((provider) => ({ ...provider, keys: secrets.filter((one) => one.providers.includes(provider.id)) }));
}

const pathOf = (name: string): string => `/secrets/${encodeURIComponent(name)}`;
export const testOf = (id: string): string => `/providers/${encodeURIComponent(id)}/test`;

interface KeysProps {
	readonly provider: ProviderWithKeys;
	/** After a key was kept or taken away. */
	readonly onChange: (isKept: boolean) => void;
}

export function ProviderKeys({ provider, onChange }: KeysProps): JSX.Element {
	return (
		<>
			{provider.keys.map((key) => (
				<ProviderKey key={key.name} provider={provider} secret={key} onChange={onChange} />
			))}
		</>
	);
}

interface KeyProps extends KeysProps {
	readonly secret: SecretReport;
}

function ProviderKey({ provider, secret, onChange }: KeyProps): JSX.Element {
	const { name, source } = secret;
	const [isOpen, setOpen] = useState(source === undefined);
	const [said, setSaid] = useState('');
	if (source === 'environment')
		return (
			<p class="quiet small-text">
				<code>{name}</code> comes from the box’s environment, which wins over a key typed in here.
			</p>
		);
	const keep = (text: string) => {
		setOpen(false);
		setSaid(text);
		onChange(true);
	};
	const replace = () => {
		setSaid('');
		setOpen(true);
	};
	const takeAway = async () => {
		try {
			await remove(pathOf(name));
			setSaid('');
			setOpen(true);
			onChange(false);
		} catch (error) {
			setSaid(say(error));
		}
	};
	return (
		<div class="spaced">
			<p aria-live="polite">{said !== '' && <Badge tone="good">{said}</Badge>}</p>
			{isOpen ? (
				<KeyForm id={provider.id} name={name} isNew={source === undefined} onKept={keep} onCancel={() => setOpen(false)} />
			) : (
				<p class="form-foot">
					<button type="button" onClick={replace} aria-label={`Replace the key of ${provider.id}`}>
						Replace the key
					</button>
					<button type="button" class="ghost" onClick={() => void takeAway()} aria-label={`Take the key away from ${provider.id}`}>
						Take the key away
					</button>
				</p>
			)}
		</div>
	);
}

interface KeyFormProps {
	readonly id: string;
	readonly name: string;
	readonly isNew: boolean;
	readonly onKept: (text: string) => void;
	readonly onCancel: () => void;
}

/** The old key stays in force until the new one has passed. */
function KeyForm({ id, name, isNew, onKept, onCancel }: KeyFormProps): JSX.Element {
	const [refused, setRefused] = useState<string>();
	const submit = async ({ value = '' }: Values) => {
		setRefused(undefined);
		const test = await post<ProviderTest>(testOf(id), { value });
		if (!test.isAccepted) {
			setRefused(value);
			throw new Error(`${test.text} Nothing was kept.`);
		}
		await put(pathOf(name), { value });
		onKept(`${test.text} It is kept.`);
	};
	const keepAnyway = async (value: string) => {
		await put(pathOf(name), { value });
		onKept('Kept without a test that passed.');
	};
	return (
		<Form
			action="Test and keep"
			onSubmit={submit}
			aside={
				<>
					{refused !== undefined && (
						<button type="button" onClick={() => void keepAnyway(refused)}>
							Keep it all the same
						</button>
					)}
					{!isNew && (
						<button type="button" class="ghost" onClick={onCancel}>
							Leave it
						</button>
					)}
				</>
			}
		>
			<Field
				label={`${isNew ? 'Key' : 'New key'} for ${id}`}
				hint={
					<>
						Tried live first. Kept sealed on the box as <code>{name}</code>, and never shown again.
					</>
				}
			>
				{(control) => (
					<input
						{...control}
						name="value"
						type="password"
						required
						minLength={8}
						maxLength={4_096}
						autocomplete="off"
						spellcheck={false}
						class="mono"
					/>
				)}
			</Field>
		</Form>
	);
}
