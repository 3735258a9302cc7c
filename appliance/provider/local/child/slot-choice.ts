/** Chooses the slot whose cache is worth most to a prompt. */

export interface SlotView {
	readonly isBusy: boolean;
	/** Session and agent that used it last. */
	readonly affinityKey: string | undefined;
	readonly tokens: readonly number[];
	/** Monotonic count of uses; the lowest was used longest ago. */
	readonly lastUse: number;
}

export function sharedPrefix(a: readonly number[], b: readonly number[]): number {
	const length = Math.min(a.length, b.length);
	let at = 0;
	while (at < length && a[at] === b[at]) at += 1;
	return at;
}

/** A foreign history is less certain to be asked for again than our own prefix is to be used now. */
const LOSS_WEIGHT = 0.25;
/** Every so many uses of other slots, a history counts half. */
const HALF_LIFE_USES = 8;

/**
 * The slot that saves most tokens wins; among equals the caller's own, then the one unused for longest. A slot that holds
 * another session's recent history is spared when a shorter prefix elsewhere is nearly as good.
 * @returns the index of a slot that is not busy, or −1.
 */
export function chooseSlot(slots: readonly SlotView[], prompt: readonly number[], affinityKey: string): number {
	const newestUse = Math.max(0, ...slots.map(({ lastUse }) => lastUse));
	const ranked = slots
		.map((slot, index) => ({
			index,
			isBusy: slot.isBusy,
			isOwn: slot.affinityKey === affinityKey,
			lastUse: slot.lastUse,
			gain: gainOf(slot, prompt, affinityKey, newestUse),
		}))
		.filter(({ isBusy }) => !isBusy)
		.sort((a, b) => b.gain - a.gain || Number(b.isOwn) - Number(a.isOwn) || a.lastUse - b.lastUse);
	return ranked[0]?.index ?? -1;
}

/** Tokens saved, less what another session would lose: its history beyond the prefix has to be evaluated again. */
function gainOf(slot: SlotView, prompt: readonly number[], affinityKey: string, newestUse: number): number {
	const shared = sharedPrefix(slot.tokens, prompt);
	if (slot.affinityKey === affinityKey) return shared;
	const freshness = 0.5 ** ((newestUse - slot.lastUse) / HALF_LIFE_USES);
	return shared - LOSS_WEIGHT * freshness * (slot.tokens.length - shared);
}
