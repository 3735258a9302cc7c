/** Backup and restore: everything but secrets in one file, and back from it at the next start. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RestoreReport } from '../../../../protocol/admin.ts';
import { linkTo, post } from '../api.ts';
import * as format from '../format.ts';
import { Badge, Card } from '../ui/basics.tsx';
import { Field, Form } from '../ui/form.tsx';

export function Backup(): JSX.Element {
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

export function Restore(): JSX.Element {
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
