/** Light or dark: as the system says, until the person says otherwise on this device. */

import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'innerloop-theme';

const isTheme = (text: string | null): text is Theme => text === 'system' || text === 'light' || text === 'dark';

function readKept(): Theme {
	try {
		const kept = localStorage.getItem(KEPT);
		return isTheme(kept) ? kept : 'system';
	} catch {
		// A browser that keeps nothing still shows the page.
		return 'system';
	}
}

export const theme = signal<Theme>(readKept());

effect(() => {
	const { documentElement } = document;
	if (theme.value === 'system') documentElement.removeAttribute('data-theme');
	else documentElement.setAttribute('data-theme', theme.value);
	try {
		localStorage.setItem(KEPT, theme.value);
	} catch {
		// As above.
	}
});

export function nextTheme(): void {
	theme.value = theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system';
}
