/** Money as people write it: US dollars in and out, whole nano-USD between. */

import { UsageError } from './command.ts';

const NANO = 1e9;

/** `$1234.50`; below a dollar as many digits as matter, up to six. */
export function formatUsd(nanoUsd: number): string {
	const dollars = nanoUsd / NANO;
	if (nanoUsd === 0) return '$0.00';
	if (Math.abs(dollars) >= 1) return `$${dollars.toFixed(2)}`;
	return `$${dollars.toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** @throws UsageError */
export function parseUsd(text: string, option: string): number {
	const dollars = Number(text.replace(/^\$/, ''));
	if (text.trim() === '' || !Number.isFinite(dollars) || dollars < 0) {
		throw new UsageError(`${option} takes an amount in US dollars, like 2.50; not ${JSON.stringify(text)}.`);
	}
	return dollars;
}
