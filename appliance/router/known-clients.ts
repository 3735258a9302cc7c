/** Versions of clients whose calls were seen on the wire; what another version sends is passed through, and said to be unknown. */

import type { Call, ClientMark } from '../protocol/call.ts';
import type { Reason } from '../protocol/decision.ts';

type Version = readonly [major: number, minor: number, patch: number];

/** From the version whose marks are read, to the newest that a session in the tests was worked with. */
const KNOWN: ReadonlyMap<ClientMark['name'], { readonly from: Version; readonly to: Version }> = new Map([
	['claude-code', { from: [2, 0, 77], to: [2, 1, 330] }],
	['codex', { from: [0, 169, 0], to: [0, 169, 0] }],
	['opencode', { from: [1, 18, 33], to: [1, 18, 33] }],
]);

/** One reason where a known client has a version that the box does not know. Versions between known ones count as known. */
export function unknownVersion({ signals }: Call): readonly Reason[] {
	const { name, version } = signals.client;
	const range = KNOWN.get(name);
	if (range === undefined || version === undefined) return [];
	const found = versionOf(version);
	const isKnown = found !== undefined && compare(range.from, found) <= 0 && compare(found, range.to) <= 0;
	return isKnown ? [] : [reasonFor(name, version)];
}

function reasonFor(name: string, version: string): Reason {
	const shown = version.slice(0, 32).replace(/[^\w.+-]/g, '_');
	const text = `${name} ${shown} is a version that the box was not tested with: its call is passed through, and its role read as far as its marks are known.`;
	return { step: 'role', code: 'unknown-client-version', text };
}

/** Undefined where it is not three numbers, as those of builds by hand and of previews are not. */
function versionOf(text: string): Version | undefined {
	const found = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(text);
	return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** Negative where the first is older. */
function compare(a: Version, b: Version): number {
	return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
