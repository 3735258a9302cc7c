/** The note that a switch is on trial: while it lies there, the next boot goes back to the slot that it names. */

import { join } from 'node:path';
import { removeDurably, writeDurably } from './durable.ts';
import type { Slot } from './slots.ts';

export interface Trial {
	/** The slot to go back to. */
	readonly previous: Slot;
	/** Copy of the database to go back to with it, relative to the data folder; empty where the schema stays the same. */
	readonly backup: string;
}

const path = (root: string): string => join(root, 'update', 'trial');

/** In lines of name=value, since a shell script reads it when nothing else may work. */
export async function beginTrial(root: string, { previous, backup }: Trial): Promise<void> {
	await writeDurably(path(root), `previous=${previous}\nbackup=${backup}\n`);
}

export async function endTrial(root: string): Promise<void> {
	await removeDurably(path(root));
}
