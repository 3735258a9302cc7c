/** Figures as people read them; each function takes the unit in its name. */

const NANO = 1e9;

/** $0 is exact; what is smaller than a hundredth of a cent says so. */
export function usd(nanoUsd: number): string {
	const dollars = nanoUsd / NANO;
	if (nanoUsd === 0) return '$0';
	if (Math.abs(dollars) < 0.0001) return '<$0.0001';
	const digits = Math.abs(dollars) < 0.1 ? 4 : 2;
	return new Intl.NumberFormat('en-US', {
		style: 'currency',
		currency: 'USD',
		minimumFractionDigits: digits,
		maximumFractionDigits: digits,
	}).format(dollars);
}

/** Price a million tokens, from pico-USD a token. */
export function usdPerMillion(picoUsd: number): string {
	return `$${new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 }).format(picoUsd / 1e6)}`;
}

export const count = (value: number): string => new Intl.NumberFormat('en-US').format(value);

export const short = (value: number): string =>
	new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);

export function bytes(value: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let amount = value;
	let unit = 0;
	while (amount >= 1_000 && unit < units.length - 1) {
		amount /= 1_000;
		unit += 1;
	}
	return `${amount >= 100 || unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

export function duration(ms: number): string {
	if (ms < 1_000) return `${Math.round(ms)} ms`;
	if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
	const minutes = Math.round(ms / 60_000);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

export const clockTime = (at: string | number): string =>
	new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const dateTime = (at: string | number): string =>
	new Date(at).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });

/** `2026-11-23` → `23 Nov`: the ledger's days are UTC. */
export const day = (iso: string): string =>
	new Date(`${iso}T00:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** Whole words for the reader of a screen and the listener of one. */
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;
