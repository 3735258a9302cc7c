/** Finds the running service of a data folder and asks it things over HTTP. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceFile } from '../protocol/admin.ts';
import { PROBLEM_STATUS, Problem, type ProblemCode } from '../protocol/problem.ts';

const TIMEOUT_MS = 30_000;

export interface ServiceConnection {
	readonly address: string;
	/** Undefined for a box elsewhere. */
	readonly pid: number | undefined;
	/** @throws Problem with the service's own words */
	/** The reply's bytes while they come. @throws Problem with the service's own words */
	read(path: string): AsyncIterable<Uint8Array>;
	ask<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
}

/** The service that says it runs on this data folder, if its process lives. */
export function findService(dataDir: string): ServiceConnection | undefined {
	const file = readServiceFile(dataDir);
	return file !== undefined && isAlive(file.pid) ? connect(file.address, file.token, file.pid) : undefined;
}

export function connect(address: string, token: string, pid?: number): ServiceConnection {
	return {
		address,
		pid,
		read: (path) => read(new URL(`/innerloop/v1/${path}`, address), token),
		ask: (method, path, body) => ask(new URL(`/innerloop/v1/${path}`, address), token, method, body),
	};
}

function readServiceFile(dataDir: string): ServiceFile | undefined {
	try {
		return JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as ServiceFile;
	} catch {
		return undefined;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}

async function* read(url: URL, token: string): AsyncGenerator<Uint8Array> {
	let response: Response;
	try {
		response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
	} catch (cause) {
		throw new Problem('upstream-failed', `The service at ${url.origin} does not answer. See: innerloop doctor`, { cause });
	}
	if (!response.ok) throw problemOf(response.status, await response.text(), url);
	if (response.body !== null) yield* response.body;
}

async function ask<T>(url: URL, token: string, method: string, body: unknown): Promise<T> {
	let response: Response;
	try {
		response = await fetch(url, {
			method,
			headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
			...(body !== undefined && { body: JSON.stringify(body) }),
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
	} catch (cause) {
		throw new Problem('upstream-failed', `The service at ${url.origin} does not answer. See: innerloop doctor`, { cause });
	}
	const text = await response.text();
	if (!response.ok) throw problemOf(response.status, text, url);
	return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Every dialect's envelope has `error.message`; the code follows from the status. */
function problemOf(status: number, text: string, url: URL): Problem {
	const code = (Object.keys(PROBLEM_STATUS) as ProblemCode[]).find((one) => PROBLEM_STATUS[one] === status);
	return new Problem(code ?? 'upstream-failed', messageOf(text) ?? `${url.pathname} answered ${status}.`);
}

function messageOf(text: string): string | undefined {
	try {
		return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
	} catch {
		return undefined;
	}
}
