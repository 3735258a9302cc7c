/** Versions of clients whose calls were seen on the wire; what another version sends is passed through, and said to be unknown. */

import type { ClientMark } from './call.ts';

type Version = readonly [major: number, minor: number, patch: number];

/** From the version whose marks are read, to the newest that a session in the tests was worked with. */
export const KNOWN_VERSIONS: ReadonlyMap<ClientMark['name'], { readonly from: Version; readonly to: Version }> = new Map([
	['claude-code', { from: [2, 0, 77], to: [2, 1, 330] }],
	['codex', { from: [0, 169, 0], to: [0, 169, 0] }],
	['opencode', { from: [1, 18, 33], to: [1, 18, 33] }],
	['aider', { from: [0, 86, 2], to: [0, 86, 2] }],
	['anthropic-sdk', { from: [1, 12, 0], to: [1, 12, 0] }],
	['openai-sdk', { from: [7, 57, 0], to: [7, 57, 0] }],
]);

/** Versions between known ones count as known. False as well for what is not three numbers: builds by hand, previews. */
export function isKnownVersion(name: ClientMark['name'], version: string): boolean {
	const range = KNOWN_VERSIONS.get(name);
	const found = versionOf(version);
	return range !== undefined && found !== undefined && compare(range.from, found) <= 0 && compare(found, range.to) <= 0;
}

function versionOf(text: string): Version | undefined {
	const found = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(text);
	return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** Negative where the first is older. */
function compare(a: Version, b: Version): number {
	return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
