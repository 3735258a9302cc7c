/** A small hash for names: quick, and the same on every machine. Not for secrets. */

/** FNV-1a (Fowler, Noll, Vo) of the text's code units: 32 bits, unsigned. */
export function fnv1a(text: string): number {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	return hash >>> 0;
}
