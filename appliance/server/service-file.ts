/** DATA/service.json: how the command line of this machine finds the running service and speaks to it as an owner. */

import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ServiceFile } from '../protocol/admin.ts';

/** Base address from this machine: a loopback one where the service listens on every address. */
export function baseAddress({ address, family, port }: AddressInfo): string {
	const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
	return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
}

/** Readable by the service's own user alone, and never seen half written. */
export async function writeServiceFile(dataDir: string, content: ServiceFile): Promise<void> {
	const file = join(dataDir, 'service.json');
	const fresh = `${file}.${process.pid}`;
	await writeFile(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
	await chmod(fresh, 0o600);
	await rename(fresh, file);
}

export async function removeServiceFile(dataDir: string): Promise<void> {
	await rm(join(dataDir, 'service.json'), { force: true });
}
