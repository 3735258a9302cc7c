/** Says of a call that its agent has a version that the box was not tested with. */

import type { Call, ClientMark } from '../protocol/call.ts';
import type { Reason } from '../protocol/decision.ts';
import { isKnownVersion } from '../protocol/known-versions.ts';

/** A library's version says nothing about the agent that uses it, and so nothing about roles. */
const LIBRARIES: ReadonlySet<ClientMark['name']> = new Set(['anthropic-sdk', 'openai-sdk', 'unknown']);

/** One reason where a known agent has a version that the box does not know. */
export function unknownVersion({ signals }: Call): readonly Reason[] {
	const { name, version } = signals.client;
	if (version === undefined || LIBRARIES.has(name)) return [];
	return isKnownVersion(name, version) ? [] : [reasonFor(name, version)];
}

function reasonFor(name: string, version: string): Reason {
	const shown = version.slice(0, 32).replace(/[^\w.+-]/g, '_');
	const text = `${name} ${shown} is a version that the box was not tested with: its call is passed through, and its role read as far as its marks are known.`;
	return { step: 'role', code: 'unknown-client-version', text };
}
