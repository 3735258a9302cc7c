/** Runs a service until a signal or a fault ends it, and says with which exit code. */

import type { RunningService } from './serve.ts';

const FAULT = 1;
const IMPATIENT = 130;

/**
 * The first SIGTERM or SIGINT stops gracefully (0), the second ends the process at once. An error that nobody caught
 * leaves the program in a state that nobody knows, so it is logged and the process ends (1) for its supervisor to start anew.
 */
export function untilStopped(service: RunningService): Promise<number> {
	return new Promise((resolve) => {
		let isStopping = false;
		const stop = () => {
			if (isStopping) process.exit(IMPATIENT);
			isStopping = true;
			service.stop().then(
				() => resolve(0),
				(error: unknown) => die(error),
			);
		};
		const die = (error: unknown) => {
			service.log.fatal({ err: error }, 'a fault that nobody caught ends the service');
			service.flushLog();
			process.exit(FAULT);
		};
		process.on('SIGTERM', stop);
		process.on('SIGINT', stop);
		process.on('uncaughtException', die);
		process.on('unhandledRejection', die);
	});
}
