/** Changes between light, dark, and what the system says. */

import type { JSX } from 'preact';
import { nextTheme, theme } from '../theme.ts';
import { Icon } from './icons.tsx';

export function ThemeButton(): JSX.Element {
	const words = { system: 'as the system', light: 'light', dark: 'dark' }[theme.value];
	return (
		<button type="button" class="ghost icon-only" aria-label={`Colours: ${words}. Change`} title={`Colours: ${words}`} onClick={nextTheme}>
			<Icon name={theme.value} />
		</button>
	);
}
