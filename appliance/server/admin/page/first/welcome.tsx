/** The first visit after the claim: a provider's key tried live, the first key, the first answered call. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BoxReport, NewKeyReport } from '../../../../protocol/admin.ts';
import { errorOf, get, post, send, session } from '../api.ts';
import * as format from '../format.ts';
import { go } from '../router.ts';
import { Badge } from '../ui/basics.tsx';
import { Field, Form, type Values } from '../ui/form.tsx';
import { useResource } from '../ui/resource.ts';
import { Shown } from '../ui/states.tsx';
import { ShownKey } from '../views/key-dialog.tsx';
import { ProviderKeys, readProviders } from '../views/provider-key.tsx';
import { TestButton } from '../views/providers.tsx';
import { type Step, Steps } from './steps.tsx';

export function Welcome(): JSX.Element {
	const [step, setStep] = useState<Step>('provider');
	const [secret, setSecret] = useState<string>();
	const isKeyed = secret !== undefined;
	return (
		<main class="door roomy">
			<div class="brand">
				<img src="/admin/assets/icon.svg" alt="" width={34} height={34} />
				<span>Innerloop</span>
			</div>
			<Steps current={step} />
			<div class="card">
				{step === 'provider' && <ProviderStep onDone={() => setStep('key')} />}
				{step === 'key' && <KeyStep secret={secret} onMade={setSecret} onDone={() => setStep('call')} />}
				{step === 'call' && isKeyed && <CallStep secret={secret} />}
			</div>
		</main>
	);
}

function ProviderStep({ onDone }: { readonly onDone: () => void }): JSX.Element {
	const found = useResource(readProviders, 'providers');
	const [isAccepted, setAccepted] = useState(false);
	const change = (isKept: boolean) => {
		setAccepted(isKept);
		found.reload();
	};
	return (
		<>
			<h1>A provider’s key</h1>
			<p class="lead">
				The box answers small calls itself. For the others it needs a key of a cloud provider; without one it stays local, and costs
				nothing.
			</p>
			<Shown of={found} what="providers">
				{(providers) => (
					<ul class="spaced">
						{providers.map((provider) => (
							<li key={provider.id}>
								<h2>
									{provider.id} {provider.missing === undefined ? <Badge tone="good">has a key</Badge> : <Badge>no key</Badge>}
								</h2>
								{provider.missing === undefined && <TestButton id={provider.id} onTested={(test) => setAccepted(test.isAccepted)} />}
								<ProviderKeys provider={provider} onChange={change} />
							</li>
						))}
					</ul>
				)}
			</Shown>
			<hr />
			<p class="form-foot">
				<button type="button" class="primary" onClick={onDone}>
					{isAccepted ? 'Next' : 'Go on without'}
				</button>
			</p>
		</>
	);
}

interface KeyStepProps {
	readonly secret: string | undefined;
	readonly onMade: (secret: string) => void;
	readonly onDone: () => void;
}

function KeyStep({ secret, onMade, onDone }: KeyStepProps): JSX.Element {
	const make = async () => {
		const member = session.value?.who?.memberId ?? '';
		onMade((await post<NewKeyReport>('/keys', { member })).secret);
	};
	return (
		<>
			<h1>Your first key</h1>
			<p class="lead">A key is what a coding agent calls the box with. It is shown once; more can be made under Team.</p>
			{secret === undefined ? (
				<Form action="Make a key" onSubmit={make}>
					{null}
				</Form>
			) : (
				<>
					<ShownKey secret={secret} />
					<p class="form-foot">
						<button type="button" class="primary" onClick={onDone}>
							I have copied it
						</button>
					</p>
				</>
			)}
		</>
	);
}

interface Answer {
	readonly text: string;
	readonly deployment: string;
	readonly tookMs: number;
}

function CallStep({ secret }: { readonly secret: string }): JSX.Element {
	const [answer, setAnswer] = useState<Answer>();
	const box = useResource(() => get<BoxReport>('/box'), 'box');
	const isStarting = box.value?.engine.state === 'starting';
	const ask = async ({ prompt = '' }: Values) => setAnswer(await firstCall(secret, prompt));
	return (
		<>
			<h1>The first call</h1>
			<p class="lead">
				As an agent would send it, with the key that you have just made.
				{isStarting && ' The local model is still being loaded: until it is, a cloud model answers, or nobody.'}
			</p>
			<Form action="Send" onSubmit={ask}>
				<Field label="Prompt">
					{(control) => <textarea {...control} name="prompt" rows={3} required defaultValue="Say in one sentence what a call tree is." />}
				</Field>
			</Form>
			<div aria-live="polite">
				{answer !== undefined && (
					<div class="spaced">
						<p class="answer">{answer.text}</p>
						<p class="quiet">
							Answered by <strong>{answer.deployment}</strong> in {format.duration(answer.tookMs)}.
						</p>
						<p class="form-foot">
							<button type="button" class="primary" onClick={() => go('now')}>
								To the box
							</button>
						</p>
					</div>
				)}
			</div>
		</>
	);
}

const ANSWER_TOKENS = 120;

async function firstCall(key: string, prompt: string): Promise<Answer> {
	const startMs = performance.now();
	const reply = await send('/v1/messages', {
		method: 'POST',
		headers: { 'content-type': 'application/json', 'x-api-key': key, 'anthropic-version': '2023-06-01' },
		// Without the session: an agent has none.
		credentials: 'omit',
		body: JSON.stringify({ model: 'innerloop', max_tokens: ANSWER_TOKENS, messages: [{ role: 'user', content: prompt }] }),
	});
	if (!reply.ok) throw await errorOf(reply);
	const { content } = (await reply.json()) as { readonly content: readonly { readonly text?: string }[] };
	return {
		text: content
			.map(({ text = '' }) => text)
			.join('')
			.trim(),
		deployment: reply.headers.get('x-innerloop-deployment') ?? 'the box',
		tookMs: performance.now() - startMs,
	};
}
