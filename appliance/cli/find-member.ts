/** The member that a name or id means. */

import { nearest } from '../config/nearest.ts';
import type { Member } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';

/** @throws Problem `not-found`, with the nearest name */
export function findMember(members: readonly Member[], idOrName: string): Member {
	const found = members.find(({ id }) => id === idOrName) ?? members.find(({ name }) => name === idOrName);
	if (found !== undefined) return found;
	const near = nearest(
		idOrName,
		members.map(({ name }) => name),
	);
	const hint = near === undefined ? 'See: innerloop member list' : `Did you mean ${JSON.stringify(near)}?`;
	throw new Problem('not-found', `There is no member ${JSON.stringify(idOrName)}. ${hint}`);
}
