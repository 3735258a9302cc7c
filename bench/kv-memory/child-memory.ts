/** Starts the real engine child on a model and reads what the kernel says of its memory once it is ready. */

import { readFileSync } from 'node:fs';
import { EngineProcess } from '../../appliance/provider/local/engine-process.ts';
import type { EngineSettings } from '../../appliance/provider/local/messages.ts';

export interface ProcessMemory {
	readonly rssBytes: number;
	readonly anonBytes: number;
	readonly fileBytes: number;
	readonly sharedBytes: number;
	readonly peakBytes: number;
}

/** @param status the text of /proc/PID/status. @throws when the kernel leaves one of them out */
export function readProcessMemory(status: string): ProcessMemory {
	const bytes = (name: string): number => {
		const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
		if (kib === undefined) throw new Error(`/proc does not tell ${name}`);
		return Number(kib) * 1024;
	};
	return {
		rssBytes: bytes('VmRSS'),
		anonBytes: bytes('RssAnon'),
		fileBytes: bytes('RssFile'),
		sharedBytes: bytes('RssShmem'),
		peakBytes: bytes('VmHWM'),
	};
}

/** The cache is as large as its context from the start: the figure is that of a full one. */
export async function childMemory(settings: EngineSettings): Promise<ProcessMemory & { readonly kvCache: string }> {
	const { promise, resolve, reject } = Promise.withResolvers<string>();
	const child = new EngineProcess({
		onMessage: (message) => {
			if (message.type === 'ready') resolve(message.loaded.kvCache);
			if (message.type === 'load-failed') reject(new Error(message.message));
		},
		onExit: (ending) => reject(new Error(`the engine child ended: ${ending}`)),
		onErrorOutput: () => undefined,
	});
	child.send({ type: 'load', settings });
	try {
		const kvCache = await promise;
		return { ...readProcessMemory(readFileSync(`/proc/${child.pid}/status`, 'utf8')), kvCache };
	} finally {
		await child.stop();
	}
}
