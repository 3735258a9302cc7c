/** The box itself: what it runs and where, its log, its backup, and what goes to somebody who helps. */

import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { arch, hostname, networkInterfaces, platform, release } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { BoxReport, LogReport, RestoreReport } from '../../protocol/admin.ts';
import type { DiscoveryStatus } from '../../protocol/discovery.ts';
import { Problem } from '../../protocol/problem.ts';
import { inspectBackup, stageRestore } from '../../store/backup.ts';
import type { Box } from '../box.ts';
import { type SupportSources, supportBundle } from '../support-bundle.ts';
import { readQuery } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };
const MOST_BACKUP_BYTES = 4_000_000_000;
const VIEWER = { config: { access: 'viewer' as const } };

export interface BoxSources extends SupportSources {
	readonly dataDir: string;
	/** Of the ledger. */
	readonly database: string;
	address(): string;
	secureAddress(): string | undefined;
	discovery(): DiscoveryStatus;
}

const logQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(2_000).default(200) });

export function addBoxRoutes(app: FastifyInstance, box: Box, sources: BoxSources): void {
	app.get('/innerloop/v1/box', VIEWER, async (): Promise<BoxReport> => {
		const { size } = await stat(sources.database).catch(() => ({ size: 0 }));
		return {
			version: sources.version,
			node: process.version,
			system: `${platform()} ${release()} ${arch()}`,
			hostName: hostname(),
			addresses: ownAddresses(),
			listensAt: sources.address(),
			secureAddress: sources.secureAddress(),
			discovery: sources.discovery(),
			dataDir: sources.dataDir,
			databaseBytes: size,
			engine: box.engine.status(),
			retention: box.settings().retention,
		};
	});
	app.get('/innerloop/v1/log', OWNER, (request): LogReport => ({ lines: sources.logLines(readQuery(logQuery, request.query).limit) }));
	app.get('/innerloop/v1/support', OWNER, async (_request, reply) => {
		const bundle = await supportBundle(box, sources);
		reply.header('content-disposition', `attachment; filename="innerloop-support-${bundle.madeAt.slice(0, 10)}.json"`);
		return reply.type('application/json; charset=utf-8').send(JSON.stringify(bundle, undefined, 2));
	});
	addBackupRoute(app, box, sources);
	addRestoreRoute(app, box, sources);
}

function addBackupRoute(app: FastifyInstance, box: Box, { dataDir, config }: BoxSources): void {
	app.get('/innerloop/v1/backup', OWNER, async (_request, reply) => {
		const target = join(dataDir, `backup-${box.newCallId()}.db`);
		const { text, isDefault } = await config.read();
		await box.store.backup(target, isDefault ? undefined : text);
		const day = new Date(box.clock.wallMs()).toISOString().slice(0, 10);
		const stream = createReadStream(target);
		// The file is open or was read by then: its name is not needed any more.
		stream.once('open', () => void rm(target, { force: true }));
		reply.header('content-disposition', `attachment; filename="innerloop-backup-${day}.db"`).header('cache-control', 'no-store');
		return reply.type('application/vnd.sqlite3').send(stream);
	});
}

/** A backup may be far larger than a call's body: it goes to the disk as it comes. */
function addRestoreRoute(app: FastifyInstance, box: Box, { dataDir, database }: BoxSources): void {
	void app.register((inner, _options, done) => {
		inner.addContentTypeParser('application/octet-stream', (_request, payload, parsed) => parsed(null, payload));
		inner.post('/innerloop/v1/restore', OWNER, async (request): Promise<RestoreReport> => {
			const fresh = join(dataDir, `restore-${box.newCallId()}.db`);
			try {
				await receive(request.body, request.headers['content-length'], fresh);
				const facts = inspectBackup(fresh);
				stageRestore(database, fresh);
				return { ...facts, isStaged: true };
			} finally {
				await rm(fresh, { force: true });
			}
		});
		done();
	});
}

async function receive(body: unknown, contentLength: string | undefined, file: string): Promise<void> {
	if (!(body instanceof Readable)) throw new Problem('invalid-call', 'Send the backup as application/octet-stream.');
	const bytes = Number(contentLength ?? Number.NaN);
	if (!(bytes <= MOST_BACKUP_BYTES))
		throw new Problem('call-too-large', 'A backup of at most 4 GB, with its content-length, can be put back.');
	await pipeline(body, createWriteStream(file, { mode: 0o600 }));
}

/** Where the box can be reached from the network. */
function ownAddresses(): string[] {
	return Object.values(networkInterfaces()).flatMap((list) =>
		(list ?? []).flatMap(({ address, internal, scopeid }) => (internal || scopeid ? [] : [address])),
	);
}
