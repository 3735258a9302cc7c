/** What `innerloop doctor` finds, one thing at a time. */

import type { Context } from './command.ts';

export interface Finding {
	readonly what: string;
	readonly state: 'ok' | 'warn' | 'fail';
	/** What was found, and what to do about it. */
	readonly detail: string;
}

export interface Places {
	readonly context: Context;
	readonly configFile: string;
	/** Named on the command line: then the file has to be there. */
	readonly isConfigNamed: boolean;
	readonly dataDir: string;
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });
export const warn = (what: string, detail: string): Finding => ({ what, state: 'warn', detail });
export const fail = (what: string, detail: string): Finding => ({ what, state: 'fail', detail });
