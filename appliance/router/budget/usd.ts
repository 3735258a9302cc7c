/** Nano-USD as people read them. */

/** `$1.25`; small amounts keep three digits: `$0.00123`. */
export function formatUsd(nanoUsd: number): string {
	const usd = nanoUsd / 1e9;
	if (usd === 0 || Math.abs(usd) >= 0.1) return `$${usd.toFixed(2)}`;
	return `$${usd.toFixed(Math.min(9, 2 - Math.floor(Math.log10(Math.abs(usd)))))}`;
}
