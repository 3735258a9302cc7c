/** Tells the network where the box is, once it listens. */

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { buildAnnouncement, isReachable } from '../discovery/announcement.ts';
import type { Announcer } from '../discovery/announcer.ts';

export interface AnnouncedBox {
	readonly settings: Settings;
	/** Wins over the configured one. */
	readonly host: string | undefined;
	/** Base address from this machine, over plain HTTP. */
	readonly address: string;
	/** Undefined without TLS. */
	readonly tlsPort: number | undefined;
	/** SHA-256 of the authority behind the box's certificate, or of that itself, as hex; undefined without TLS. */
	readonly fingerprint: string | undefined;
	readonly version: string;
	readonly dataDir: string;
}

/** Never rejects: a box that cannot be announced is served all the same, and its status says why. */
export async function announceBox(
	announcer: Announcer,
	{ settings, host, address, tlsPort, fingerprint, version, dataDir }: AnnouncedBox,
): Promise<void> {
	const { isEnabled, name, advertisers } = settings.discovery;
	const heard = host ?? settings.server.host;
	if (!isEnabled) return announcer.stayOff('switched off by discovery.isEnabled');
	if (!isReachable(heard)) return announcer.stayOff(`the service listens on ${heard} alone; server.host 0.0.0.0 opens it to the network`);
	const { port } = new URL(address);
	const announcement = buildAnnouncement({
		name,
		machineName: hostname(),
		id: await boxId(dataDir),
		version,
		host: heard,
		port: Number(port),
		tlsPort,
		fingerprint,
	});
	await announcer.start(announcement, advertisers);
}

/** Made once: clients know the box again by it, whatever its name and address are. A fleeting one where it cannot be kept. */
async function boxId(dataDir: string): Promise<string> {
	const file = join(dataDir, 'box-id');
	const kept = await readFile(file, 'utf8').catch(() => '');
	if (/^[0-9a-f]{16}$/.test(kept.trim())) return kept.trim();
	const id = randomBytes(8).toString('hex');
	await writeFile(file, `${id}\n`).catch(() => undefined);
	return id;
}
