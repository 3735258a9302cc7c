/** Epoch milliseconds as ISO text: the seconds' part is kept for the calls that come within the same second. */

let secondOf = -1;
let text = '';

/** `2026-11-23T16:00:00.000Z` */
export function isoTime(wallMs: number): string {
	const second = Math.floor(wallMs / 1_000);
	if (second !== secondOf) {
		secondOf = second;
		text = new Date(second * 1_000).toISOString().slice(0, 20);
	}
	return `${text}${String(wallMs - second * 1_000 + 1_000).slice(1, 4)}Z`;
}
