/** Files in memory through which states of sequences pass: llama.cpp gives and takes them by file name. */

import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A file system in memory: nothing of it reaches a disk. */
const MEMORY_FOLDER = '/dev/shm';
const PREFIX = 'innerloop-states-';

export class Scratch {
	readonly #folder: string;
	#count = 0;

	constructor(folder: string) {
		this.#folder = folder;
	}

	/** A name of its own for each state. */
	newPath(): string {
		this.#count += 1;
		return join(this.#folder, String(this.#count));
	}

	remove(path: string): void {
		rmSync(path, { force: true });
	}

	close(): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** What processes that were killed have left is removed. @returns undefined where the system has no such folder */
export function openScratch(): Scratch | undefined {
	try {
		accessSync(MEMORY_FOLDER, constants.W_OK);
	} catch {
		return undefined;
	}
	for (const name of readdirSync(MEMORY_FOLDER)) {
		const owner = /^innerloop-states-(\d+)-/.exec(name)?.[1];
		if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(MEMORY_FOLDER, name), { recursive: true, force: true });
	}
	return new Scratch(mkdtempSync(join(MEMORY_FOLDER, `${PREFIX}${process.pid}-`)));
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}
