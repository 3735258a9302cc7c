/** Which view is shown: the part of the address behind `#`, so that every view is a link and the way back works. */

import { signal } from '@preact/signals';

export interface Route {
	/** `now`, `calls`, … */
	readonly view: string;
	/** What follows it: a call's id, a tab. */
	readonly rest: string;
}

const read = (): Route => {
	const [view = '', ...rest] = decodeURI(location.hash.replace(/^#\/?/, '')).split('/');
	return { view: view === '' ? 'now' : view, rest: rest.join('/') };
};

export const route = signal<Route>(read());

addEventListener('hashchange', () => {
	route.value = read();
});

export const go = (path: string): void => {
	location.hash = `/${path}`;
};
