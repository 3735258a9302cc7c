/** Peers that are started again when they die, so that one program's crash does not cost a whole run its figures. */

import type { NamedTarget } from './measure.ts';
import type { RunningTarget, Target } from './targets.ts';

/** A program that dies more often than this is given up: its figures stay empty. */
const MOST_RESTARTS = 3;

export class LastingTarget implements NamedTarget {
	readonly name: string;
	running: RunningTarget;
	/** How often it was started again. */
	restarts = 0;
	isGivenUp = false;
	readonly #start: () => Promise<RunningTarget>;

	private constructor(name: string, running: RunningTarget, start: () => Promise<RunningTarget>) {
		this.name = name;
		this.running = running;
		this.#start = start;
	}

	/** @throws when not even its first start succeeds */
	static async start(target: Target, upstreamUrl: string): Promise<LastingTarget> {
		const start = () => target.start(upstreamUrl);
		return new LastingTarget(target.name, await start(), start);
	}

	/** Starts it again; false where it is given up. */
	async revive(cause: Error): Promise<boolean> {
		while (!this.isGivenUp) {
			if (this.restarts === MOST_RESTARTS) {
				console.error(`${cause.message}\n${this.name} is given up after ${this.restarts} restarts.`);
				this.isGivenUp = true;
				break;
			}
			this.restarts += 1;
			console.error(`${cause.message}\n${this.name} is started again.`);
			await this.running.stop().catch(() => undefined);
			const running = await this.#start().catch(() => undefined);
			if (running === undefined) continue;
			this.running = running;
			return true;
		}
		return false;
	}

	/** What the table says of it beside its name; undefined where all went well. */
	get note(): string | undefined {
		if (this.isGivenUp) return `given up after ${this.restarts} restarts`;
		return this.restarts === 0 ? undefined : `restarted ${this.restarts} ×`;
	}
}
