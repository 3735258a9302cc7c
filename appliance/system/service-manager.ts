/** Tells systemd how the service fares: that it is ready, that it stops, and, while its watchdog asks for it, that it is alive. */

import { execFile } from 'node:child_process';

/** A third of the watchdog's time, so that two signs of life may be lost. */
const SIGNS_PER_WATCHDOG = 3;

export interface ServiceManagerOptions {
	/** `NOTIFY_SOCKET` and `WATCHDOG_USEC`, as systemd sets them for a unit of `Type=notify`. */
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Asked before each sign of life; a check that fails or hangs lets the watchdog run out, and systemd starts the service anew. */
	readonly isHealthy: () => Promise<boolean>;
	/** One line for `systemctl status`. */
	readonly status: () => string;
	/** Default: systemd's own `systemd-notify`, since Node has no datagram sockets of the file system. */
	readonly send?: (assignments: readonly string[]) => void;
}

export class ServiceManager {
	readonly #options: ServiceManagerOptions;
	readonly #send: (assignments: readonly string[]) => void;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: ServiceManagerOptions) {
		this.#options = options;
		const isThere = options.env.NOTIFY_SOCKET !== undefined;
		this.#send = options.send ?? (isThere ? sendBySystemdNotify : () => undefined);
	}

	/** The service answers from here on. */
	ready(): void {
		this.#send(['READY=1', `STATUS=${this.#options.status()}`]);
		const watchdogMs = Number(this.#options.env.WATCHDOG_USEC ?? 0) / 1_000;
		if (!(watchdogMs > 0)) return;
		this.#timer = setInterval(() => void this.#sign(), watchdogMs / SIGNS_PER_WATCHDOG);
		this.#timer.unref();
	}

	/** Running calls may take as long as the service gives them. */
	stopping(): void {
		clearInterval(this.#timer);
		this.#send(['STOPPING=1', 'STATUS=stopping']);
	}

	async #sign(): Promise<void> {
		const isHealthy = await this.#options.isHealthy().catch(() => false);
		if (isHealthy) this.#send(['WATCHDOG=1', `STATUS=${this.#options.status()}`]);
		else this.#send(['STATUS=does not answer its own health check']);
	}
}

/** A lost notification shows up as a watchdog that runs out: there is nobody else to tell. */
function sendBySystemdNotify(assignments: readonly string[]): void {
	execFile('systemd-notify', [`--pid=${process.pid}`, ...assignments], { timeout: 5_000 }, () => undefined);
}
