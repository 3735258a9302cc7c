/** Where one stands in the first visit. */

import type { JSX } from 'preact';

const STEPS = [
	['claim', 'Claim'],
	['provider', 'Provider key'],
	['key', 'First key'],
	['call', 'First call'],
] as const;

export type Step = (typeof STEPS)[number][0];

export function Steps({ current }: { readonly current: Step }): JSX.Element {
	const at = STEPS.findIndex(([name]) => name === current);
	return (
		<ol class="steps" aria-label="First visit">
			{STEPS.map(([name, label], index) => (
				<li key={name} class={index < at ? 'done' : undefined} aria-current={index === at ? 'step' : undefined}>
					{label}
				</li>
			))}
		</ol>
	);
}
