/** What the prefix store holds, as a journal of sealed lines: appended to, read once at start, shortened there. */

import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import type { Seal } from './seal.ts';

export type JournalLine =
	/** A block, or the state of sliding windows behind it, was written; `above` is the digest of the block before. */
	| {
			readonly is: 'put';
			readonly kind: EntryKind;
			readonly digest: string;
			readonly above: string;
			readonly bytes: number;
			readonly atMs: number;
	  }
	| { readonly is: 'reach'; readonly digest: string; readonly senders: readonly string[]; readonly isTeam: boolean }
	| { readonly is: 'use'; readonly digests: readonly string[]; readonly atMs: number }
	| { readonly is: 'drop'; readonly kind: EntryKind; readonly digest: string }
	/** Bytes written on a day (days since 1970), where their lines are gone. */
	| { readonly is: 'day'; readonly day: number; readonly bytes: number };

export type EntryKind = 'block' | 'point';

const LABEL = 'journal';

export class StoreJournal {
	readonly #file: string;
	readonly #seal: Seal;
	#pending: string[] = [];

	constructor(file: string, seal: Seal) {
		this.#file = file;
		this.#seal = seal;
	}

	/** Lines up to the first one that is torn or was not written by this box. */
	async read(): Promise<{ readonly lines: readonly JournalLine[]; readonly unreadable: number }> {
		const text = await readFile(this.#file, 'latin1').catch(() => '');
		const raw = text.split('\n');
		const lines: JournalLine[] = [];
		for (const [index, line] of raw.entries()) {
			if (line === '') continue;
			const opened = this.#seal.open(Buffer.from(line, 'base64'), LABEL);
			if (opened === undefined) return { lines, unreadable: raw.slice(index).filter((one) => one !== '').length };
			lines.push(JSON.parse(opened.toString()) as JournalLine);
		}
		return { lines, unreadable: 0 };
	}

	/** Kept until the next `flush`. */
	add(line: JournalLine): void {
		this.#pending.push(this.#sealed(line));
	}

	async flush(): Promise<void> {
		const text = this.#pending.join('');
		this.#pending = [];
		if (text !== '') await appendFile(this.#file, text, { mode: 0o600, flush: true });
	}

	/** Replaces all of it at once. */
	async rewrite(lines: readonly JournalLine[]): Promise<void> {
		const draft = `${this.#file}.new`;
		await writeFile(draft, lines.map((line) => this.#sealed(line)).join(''), { mode: 0o600, flush: true });
		await rename(draft, this.#file);
	}

	#sealed(line: JournalLine): string {
		return `${this.#seal.close(Buffer.from(JSON.stringify(line)), LABEL).toString('base64')}\n`;
	}
}
