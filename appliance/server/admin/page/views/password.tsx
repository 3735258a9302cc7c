/** One's own password. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post, session } from '../api.ts';
import { Badge, Card } from '../ui/basics.tsx';
import { Field, Form, type Values } from '../ui/form.tsx';

export function Password(): JSX.Element {
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
