/** The page's few icons, drawn by us: outlines on a grid of 20. */

import type { JSX } from 'preact';

const PATHS = {
	now: 'M3 11h3l2.5-6 4 10 2-4H17',
	money: 'M10 3v14M13.5 6.2C12.8 5.2 11.5 4.8 10 4.8c-2 0-3.6 1-3.6 2.6 0 3.6 7.4 1.7 7.4 5.2 0 1.7-1.7 2.7-3.8 2.7-1.7 0-3.1-.6-3.8-1.7',
	calls: 'M4 5h12M4 10h12M4 15h7',
	team: 'M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM2.8 16c.3-2.7 2.2-4.2 4.7-4.2s4.400 1.500 4.700 4.200M13 4.300a2.600 2.600 0 0 1 0 5M14.300 12.200c1.700.5 2.700 1.800 2.900 3.800',
	tiers: 'M10 3 3 6.500l7 3.500 7-3.500L10 3ZM3 10.200l7 3.500 7-3.500M3 13.700l7 3.500 7-3.500',
	box: 'M4 6.500 10 3l6 3.500v7L10 17l-6-3.500v-7ZM4 6.500l6 3.500 6-3.500M10 10v7',
	light:
		'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100',
	dark: 'M15.500 12A6.500 6.500 0 0 1 8 4.500a6.300 6.300 0 1 0 7.500 7.500Z',
	system: 'M3 4.500h14v9H3v-9ZM7 17h6M10 13.500V17',
	leave: 'M8 4H4v12h4M12 6.500 15.500 10 12 13.500M15.500 10H8',
	warning: 'M10 3.500 2.500 16.500h15L10 3.500ZM10 8v4M10 14.300v.2',
	close: 'M5 5l10 10M15 5 5 15',
	back: 'M12 4.500 6.500 10l5.500 5.500',
} as const;

export type IconName = keyof typeof PATHS;

/** Always beside a word, so it says nothing of its own. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
	return (
		<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
			<path d={PATHS[name]} />
		</svg>
	);
}
