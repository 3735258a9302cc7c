/** Providers: where cloud calls go, whether the box has a key for them, and whether they take it. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ProviderTest } from '../../../../protocol/admin.ts';
import { post, say } from '../api.ts';
import { Badge, Card, Facts } from '../ui/basics.tsx';
import { useResource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { ProviderKeys, type ProviderWithKeys, readProviders, testOf } from './provider-key.tsx';

export function Providers(): JSX.Element {
	const found = useResource(readProviders, 'providers');
	return (
		<Shown of={found} what="providers">
			{(providers) =>
				providers.length === 0 ? (
					<Empty title="No provider is configured">Add one under Configuration.</Empty>
				) : (
					<div class="halves">
						{providers.map((provider) => (
							<Provider key={provider.id} provider={provider} onChange={found.reload} />
						))}
					</div>
				)
			}
		</Shown>
	);
}

interface ProviderProps {
	readonly provider: ProviderWithKeys;
	readonly onChange: () => void;
}

function Provider({ provider, onChange }: ProviderProps): JSX.Element {
	const { id, baseUrl, dialects, keyEnv, missing, deployments } = provider;
	return (
		<Card title={id} aside={missing === undefined ? <Badge tone="good">has a key</Badge> : <Badge tone="warn">no key</Badge>}>
			<Facts
				rows={[
					['Address', baseUrl],
					['Dialects', dialects.join(', ')],
					['Key from', keyEnv ?? 'none needed'],
					['Deployments', deployments.join(', ') || 'none'],
				]}
			/>
			{missing === undefined && <TestButton id={id} />}
			<ProviderKeys provider={provider} onChange={onChange} />
		</Card>
	);
}

export function TestButton({ id, onTested }: { readonly id: string; readonly onTested?: (test: ProviderTest) => void }): JSX.Element {
	const [said, setSaid] = useState<{ readonly isGood: boolean; readonly text: string }>();
	const [isBusy, setBusy] = useState(false);
	const run = async () => {
		setBusy(true);
		try {
			const test = await post<ProviderTest>(testOf(id));
			setSaid({ isGood: test.isAccepted, text: `${test.text} (${test.tookMs} ms)` });
			onTested?.(test);
		} catch (error) {
			setSaid({ isGood: false, text: say(error) });
		}
		setBusy(false);
	};
	return (
		<p class="form-foot">
			<button type="button" disabled={isBusy} onClick={() => void run()}>
				{isBusy ? 'Asking …' : 'Test the key live'}
			</button>
			<span aria-live="polite">{said !== undefined && <Badge tone={said.isGood ? 'good' : 'bad'}>{said.text}</Badge>}</span>
		</p>
	);
}
