/** Nano-USD as people read them. */

/** `$0.1234`: rounded up to a hundredth of a cent, by whole-number arithmetic. */
export function formatUsd(nanoUsd: number): string {
	const parts = Math.ceil(Math.abs(nanoUsd) / 100_000);
	const cents = String(parts % 10_000).padStart(4, '0');
	return `${nanoUsd < 0 ? '-' : ''}$${Math.floor(parts / 10_000)}.${cents}`;
}
