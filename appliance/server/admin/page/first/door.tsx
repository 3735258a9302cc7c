/** Before anybody is in: the claim of a new box, the login, and the password of whoever was given a code. */

import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ClaimRequest, JoinRequest, LoginRequest, SessionReport } from '../../../../protocol/access.ts';
import { post, session } from '../api.ts';
import * as format from '../format.ts';
import { go } from '../router.ts';
import { Field, Form, type Values } from '../ui/form.tsx';
import { ThemeButton } from '../ui/theme-button.tsx';
import { Steps } from './steps.tsx';

/** The box asks for as much; said before the sending, not after it. */
const LEAST_PASSWORD = 8;

type Way = 'login' | 'join' | 'claim';

export function Door({ report }: { readonly report: SessionReport }): JSX.Element {
	const { claim, transport } = report;
	const [way, setWay] = useState<Way>(claim.state === 'claimed' ? 'login' : 'claim');
	if (transport === 'lan') return <NoTls />;
	if (way === 'claim')
		return <Claim claim={claim} onLogin={claim.isReset || claim.state === 'claimed' ? () => setWay('login') : undefined} />;
	return way === 'login' ? (
		<Login onJoin={() => setWay('join')} onReset={claim.isReset ? () => setWay('claim') : undefined} />
	) : (
		<Join onBack={() => setWay('login')} />
	);
}

interface RoomProps {
	readonly title: string;
	readonly lead: ComponentChildren;
	readonly children?: ComponentChildren;
	readonly above?: ComponentChildren;
}

function Room({ title, lead, children, above }: RoomProps): JSX.Element {
	return (
		<main class="door">
			<div class="brand">
				<img src="/admin/assets/icon.svg" alt="" width={34} height={34} />
				<span>Innerloop</span>
				<ThemeButton />
			</div>
			{above}
			<div class="card">
				<h1>{title}</h1>
				<p class="lead">{lead}</p>
				{children}
			</div>
		</main>
	);
}

/** Over plain HTTP from another machine anybody between could read a password: none is asked for. */
function NoTls(): JSX.Element {
	const address = `https://${location.host}/admin/`;
	return (
		<Room title="This connection is not private" lead="The box takes no password over plain HTTP from another machine.">
			<p>
				Open <a href={address}>{address}</a> instead. Your browser will say that it does not know the box’s certificate: compare the
				fingerprint that it shows with the one on the box’s screen, then go on.
			</p>
		</Room>
	);
}

const enter = (report: SessionReport) => {
	session.value = report;
};

interface ClaimProps {
	readonly claim: SessionReport['claim'];
	readonly onLogin: (() => void) | undefined;
}

function Claim({ claim, onLogin }: ClaimProps): JSX.Element {
	if (claim.state !== 'open') return <ClaimClosed state={claim.state} onLogin={onLogin} />;
	const submit = async ({ code = '', name = '', password = '', again = '' }: Values) => {
		if (password !== again) throw new Error('The two passwords differ.');
		const body: ClaimRequest = { code, password, ...(name === '' ? {} : { name }) };
		const report = await post<SessionReport>('/claim', body);
		if (!claim.isReset) go('welcome');
		enter(report);
	};
	const until = claim.until === undefined ? '' : ` The code is taken until ${format.clockTime(claim.until)}.`;
	return (
		<Room
			title={claim.isReset ? 'Set a new password' : 'Claim this box'}
			lead={`Type the claim code that the box shows on its screen and in the terminal it was started from.${until}`}
			above={claim.isReset ? undefined : <Steps current="claim" />}
		>
			<Form action={claim.isReset ? 'Set the password' : 'Claim the box'} onSubmit={submit}>
				<CodeField label="Claim code" />
				<Field label="Your name" hint={claim.isReset ? 'whose password is set anew' : 'how your calls and spending are listed'}>
					{(control) => <input {...control} name="name" autocomplete="username" placeholder="owner" maxLength={100} />}
				</Field>
				<NewPassword />
			</Form>
		</Room>
	);
}

function ClaimClosed({ state, onLogin }: { readonly state: string; readonly onLogin: (() => void) | undefined }): JSX.Element {
	const lead = state === 'locked' ? 'There were too many wrong codes.' : 'The time in which the box could be claimed is over.';
	return (
		<Room title="The box is not listening for a claim" lead={lead}>
			<p>
				Start the box again, or run <code>innerloop claim new</code> on it: a new code is shown, and this page takes it.
			</p>
			<p class="form-foot">
				<button type="button" onClick={() => location.reload()}>
					Look again
				</button>
				{onLogin !== undefined && (
					<button type="button" class="ghost" onClick={onLogin}>
						I have a password
					</button>
				)}
			</p>
		</Room>
	);
}

function CodeField(field: { readonly label: string; readonly hint?: string }): JSX.Element {
	return (
		<Field {...field}>
			{(control) => (
				<input {...control} name="code" required autocomplete="one-time-code" autocapitalize="characters" spellcheck={false} class="mono" />
			)}
		</Field>
	);
}

function NewPassword(): JSX.Element {
	return (
		<>
			<Field label="New password" hint={`at least ${LEAST_PASSWORD} characters, and none that everybody uses; a sentence is good`}>
				{(control) => (
					<input {...control} name="password" type="password" required minLength={LEAST_PASSWORD} autocomplete="new-password" />
				)}
			</Field>
			<Field label="The same again">
				{(control) => <input {...control} name="again" type="password" required minLength={LEAST_PASSWORD} autocomplete="new-password" />}
			</Field>
		</>
	);
}

function Login({ onJoin, onReset }: { readonly onJoin: () => void; readonly onReset: (() => void) | undefined }): JSX.Element {
	const submit = async ({ name = '', password = '' }: Values) => {
		const body: LoginRequest = { name, password };
		enter(await post<SessionReport>('/session', body));
	};
	return (
		<Room title="Sign in" lead="With the name and password that you have on this box.">
			<Form
				action="Sign in"
				onSubmit={submit}
				aside={
					<>
						<button type="button" class="ghost" onClick={onJoin}>
							I was given a code
						</button>
						{onReset !== undefined && (
							<button type="button" class="ghost" onClick={onReset}>
								Lost password
							</button>
						)}
					</>
				}
			>
				<Field label="Name">{(control) => <input {...control} name="name" required autocomplete="username" defaultValue="owner" />}</Field>
				<Field label="Password" hint="Lost it? A new claim code from the box in your hand sets a new one.">
					{(control) => <input {...control} name="password" type="password" required autocomplete="current-password" />}
				</Field>
			</Form>
		</Room>
	);
}

function Join({ onBack }: { readonly onBack: () => void }): JSX.Element {
	const submit = async ({ code = '', password = '', again = '' }: Values) => {
		if (password !== again) throw new Error('The two passwords differ.');
		const body: JoinRequest = { code, password };
		enter(await post<SessionReport>('/join', body));
	};
	return (
		<Room title="Join the team" lead="An owner of this box gave you a code. Set a password of your own with it.">
			<Form
				action="Join"
				onSubmit={submit}
				aside={
					<button type="button" class="ghost" onClick={onBack}>
						Back
					</button>
				}
			>
				<CodeField label="Code" hint="like 7Q-ABCD-2345" />
				<NewPassword />
			</Form>
		</Room>
	);
}
