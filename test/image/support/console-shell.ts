/** Root's shell on a machine's second console: a command goes in, its output and exit code come out. */

import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export class ConsoleShell {
	readonly #socket: Socket;
	#text = '';
	#number = 0;

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on('data', (chunk: Buffer) => {
			this.#text += chunk.toString('utf8').replaceAll('\r', '');
		});
		socket.on('error', () => undefined);
	}

	/** @param path of the socket that the emulator serves */
	static async open(path: string): Promise<ConsoleShell> {
		for (let tries = 0; ; tries += 1) {
			const socket = connect(path);
			const isOpen = await new Promise<boolean>((resolve) => {
				socket.once('connect', () => resolve(true));
				socket.once('error', () => resolve(false));
			});
			if (isOpen) return new ConsoleShell(socket);
			if (tries > 100) throw new Error(`nobody listens at ${path}`);
			await delay(100);
		}
	}

	/** Waits until a shell answers. */
	async untilReady(timeoutMs: number): Promise<void> {
		const endMs = performance.now() + timeoutMs;
		while (performance.now() < endMs) {
			try {
				await this.run('stty -echo 2>/dev/null; true', 5_000);
				return;
			} catch {
				await delay(1_000);
			}
		}
		throw new Error(`no shell on the console in ${timeoutMs / 1_000} s: ${this.#text.slice(-500)}`);
	}

	/** @returns what the command wrote. @throws when it fails or takes too long */
	async run(command: string, timeoutMs: number): Promise<string> {
		this.#number += 1;
		const mark = `mark${this.#number}x${Math.round(performance.now())}`;
		const from = this.#text.length;
		// The mark is put together there, so that an echo of the command is not taken for its end.
		this.#socket.write(`echo "${mark}""<"; { ${command}\n} 2>&1; echo "${mark}"">$?"\n`);
		const whole = new RegExp(`${mark}<\\n([\\s\\S]*?)${mark}>(\\d+)`);
		for (const endMs = performance.now() + timeoutMs; performance.now() < endMs; ) {
			const [, output = '', code] = whole.exec(this.#text.slice(from)) ?? [];
			if (code === '0') return output.trim();
			if (code !== undefined) throw new Error(`${command} failed with ${code}: ${output.trim()}`);
			await delay(100);
		}
		throw new Error(`${command} did not end in ${timeoutMs / 1_000} s: ${this.#text.slice(from).slice(-500)}`);
	}

	close(): void {
		this.#socket.destroy();
	}
}
