/** Runs a program as this process's other half: same terminal, same signals, same exit code, and never left behind. */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']);

/** npm and a terminal deliver the same Ctrl-C within moments of each other: the program must see one. */
const SAME_SIGNAL_MS = 300;

/** Ends the program when this process is gone, whatever ended it. */
const TETHER = fileURLToPath(new URL('./tether.mjs', import.meta.url));

const NODE_FLAGS = ['--enable-source-maps', '--disable-warning=ExperimentalWarning'];

/**
 * @param {string} node path of the Node binary
 * @param {import('./launch.mjs').Program} program
 * @returns {Promise<number>} exit code; 128 + signal where a signal ended it
 */
export function runProgram(node, program) {
	return new Promise((resolve, reject) => {
		const child = spawn(node, [...NODE_FLAGS, ...(program.flags ?? []), '--import', TETHER, program.entry, ...program.args], {
			env: { ...program.env, ...process.env },
			// A group of its own, so that a terminal's Ctrl-C reaches it once, through here.
			detached: true,
			stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
		});
		const stopForwarding = forwardSignals((signal) => child.kill(signal));
		child.once('error', (cause) => {
			stopForwarding();
			reject(new Error(`Could not start ${node}: ${cause.message}`, { cause }));
		});
		child.once('exit', (code, signal) => {
			stopForwarding();
			resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
		});
	});
}

/**
 * @param {(signal: NodeJS.Signals) => void} send
 * @returns {() => void} stops forwarding
 */
function forwardSignals(send) {
	/** @type {Map<string, number>} */
	const lastMs = new Map();
	/** @param {NodeJS.Signals} signal */
	const forward = (signal) => {
		const nowMs = performance.now();
		if (nowMs - (lastMs.get(signal) ?? Number.NEGATIVE_INFINITY) >= SAME_SIGNAL_MS) send(signal);
		lastMs.set(signal, nowMs);
	};
	for (const signal of FORWARDED) process.on(signal, forward);
	return () => {
		for (const signal of FORWARDED) process.off(signal, forward);
	};
}
