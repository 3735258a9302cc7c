/** How well a signal tells right answers from wrong ones, and what escalating by it brings. */

export interface Judged {
	readonly isRight: boolean;
	/** Higher is surer. */
	readonly signal: number;
}

/** Chance that a right answer has a higher signal than a wrong one; ties count half. NaN where all are of one kind. */
export function auroc(judged: readonly Judged[]): number {
	const right = judged.filter(({ isRight }) => isRight);
	const wrong = judged.filter(({ isRight }) => !isRight);
	if (right.length === 0 || wrong.length === 0) return Number.NaN;
	let wins = 0;
	for (const a of right) for (const b of wrong) wins += a.signal > b.signal ? 1 : a.signal === b.signal ? 0.5 : 0;
	return wins / (right.length * wrong.length);
}

export const accuracy = (judged: readonly { readonly isRight: boolean }[]): number =>
	judged.filter(({ isRight }) => isRight).length / Math.max(1, judged.length);

/** The least sure share goes to somebody who is always right. Equal signals fall as the order of the questions has them. */
export function accuracyAt(judged: readonly Judged[], share: number): number {
	const sorted = judged.toSorted((a, b) => a.signal - b.signal);
	const escalated = Math.round(share * sorted.length);
	return (escalated + sorted.slice(escalated).filter(({ isRight }) => isRight).length) / Math.max(1, sorted.length);
}

/** What a share drawn by lot brings on average. */
export const randomAt = (judged: readonly Judged[], share: number): number => {
	const never = accuracy(judged);
	return never + share * (1 - never);
};

/** The signal below which about this share of the answers lies. */
export function barFor(judged: readonly Judged[], share: number): number {
	const sorted = judged.map(({ signal }) => signal).toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.round(share * sorted.length))] ?? 0;
}

export interface AtBar {
	readonly share: number;
	readonly accuracy: number;
	readonly random: number;
}

export function atBar(judged: readonly Judged[], bar: number): AtBar {
	const kept = judged.filter(({ signal }) => signal >= bar);
	const share = 1 - kept.length / Math.max(1, judged.length);
	const right = kept.filter(({ isRight }) => isRight).length + judged.length - kept.length;
	return { share, accuracy: right / Math.max(1, judged.length), random: randomAt(judged, share) };
}
