/** Carries the parts of one answer from whoever produces them to the one consumer that iterates. */

import type { StreamPart } from '../../protocol/stream.ts';

/** Parts pushed before the consumer asks are kept; after `end` or `fail` nothing more is taken. */
export class PartChannel implements AsyncIterable<StreamPart> {
	readonly #parts: StreamPart[] = [];
	#outcome: { readonly error: Error | undefined } | undefined;
	#wake: (() => void) | undefined;
	readonly #onAbandon: () => void;

	/** `onAbandon` is called when the consumer leaves before the end. */
	constructor(onAbandon: () => void) {
		this.#onAbandon = onAbandon;
	}

	push(part: StreamPart): void {
		if (this.#outcome !== undefined) return;
		this.#parts.push(part);
		this.#wake?.();
	}

	end(): void {
		this.#close(undefined);
	}

	fail(error: Error): void {
		this.#close(error);
	}

	#close(error: Error | undefined): void {
		this.#outcome ??= { error };
		this.#wake?.();
	}

	async *[Symbol.asyncIterator](): AsyncIterator<StreamPart> {
		let isFinished = false;
		try {
			while (true) {
				const part = this.#parts.shift();
				if (part !== undefined) {
					yield part;
					continue;
				}
				if (this.#outcome !== undefined) {
					isFinished = true;
					if (this.#outcome.error === undefined) return;
					throw this.#outcome.error;
				}
				await new Promise<void>((wake) => {
					this.#wake = wake;
				});
				this.#wake = undefined;
			}
		} finally {
			if (!isFinished) this.#onAbandon();
		}
	}
}
