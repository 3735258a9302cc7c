/** Fetches one file over HTTP: resumed where it was cut, retried with back-off, verified, and only then given its name. */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelFailure } from './model-failure.ts';
import { openTransfer, type Transfer } from './open-transfer.ts';
import { PartFile } from './part-file.ts';
import { type OnProgress, ProgressMeter } from './progress.ts';
import { verifyFile } from './verify-file.ts';

export interface DownloadRequest {
	readonly url: string;
	/** Path that the finished file gets. */
	readonly file: string;
	readonly sizeBytes: number | undefined;
	/** Hex; undefined takes the hash that the hub itself states, if any. */
	readonly sha256: string | undefined;
	/** Default: a model. */
	readonly kind?: 'model' | 'archive';
	/** Bearer token for the hub. */
	readonly token?: string | undefined;
	readonly onProgress?: OnProgress;
	/** Called before each pause, with what went wrong. */
	readonly onRetry?: OnRetry;
	readonly signal?: AbortSignal;
	readonly patience?: Patience;
}

export type OnRetry = (failure: ModelFailure, pauseMs: number) => void;

export interface Patience {
	/** Tries in a row without a single new byte. */
	readonly attempts: number;
	/** First pause; doubles each time. */
	readonly pauseMs: number;
	readonly longestPauseMs: number;
	/** Silence after which a transfer counts as cut. */
	readonly stallMs: number;
}

export interface Downloaded {
	readonly sha256: string;
	/** Whose word the hash was compared with. */
	readonly verifiedBy: 'expected' | 'hub' | 'nobody';
}

const PATIENCE: Patience = { attempts: 6, pauseMs: 1_000, longestPauseMs: 60_000, stallMs: 60_000 };

/** @throws ModelFailure; what has arrived stays beside the file and is resumed the next time */
export async function download(request: DownloadRequest): Promise<Downloaded> {
	await mkdir(dirname(request.file), { recursive: true });
	const part = new PartFile(request.file);
	const isResumed = (await part.resumable(request.url)).offset > 0;
	try {
		return await fetchAndVerify(part, request);
	} catch (error) {
		// Bytes of an earlier run may be what is wrong: they get one fresh start.
		if (!(error instanceof MismatchFailure) || !isResumed) throw error;
		return await fetchAndVerify(part, request);
	}
}

class MismatchFailure extends ModelFailure {}

async function fetchAndVerify(part: PartFile, request: DownloadRequest): Promise<Downloaded> {
	const statedSha256 = await fetchWhole(part, request);
	const expected = request.sha256 ?? statedSha256;
	let sha256: string;
	try {
		const { sizeBytes, kind } = request;
		sha256 = await verifyFile(part.path, { sizeBytes, sha256: expected, kind }, request.onProgress, request.signal);
	} catch (error) {
		if (!(error instanceof ModelFailure)) throw error;
		await part.discard();
		throw new MismatchFailure(`What ${request.url} sent was thrown away: ${error.message}`, { cause: error });
	}
	await part.commit();
	return { sha256, verifiedBy: request.sha256 !== undefined ? 'expected' : statedSha256 !== undefined ? 'hub' : 'nobody' };
}

/** @returns the hash that the hub stated */
async function fetchWhole(part: PartFile, request: DownloadRequest): Promise<string | undefined> {
	const patience = request.patience ?? PATIENCE;
	let pauseMs = patience.pauseMs;
	for (let attempt = 1; ; attempt++) {
		const { offset } = await part.resumable(request.url);
		try {
			return await fetchRest(part, request, patience.stallMs);
		} catch (error) {
			request.signal?.throwIfAborted();
			const failure = asFailure(error, request.url);
			const hasProgressed = (await part.resumable(request.url)).offset > offset;
			if (hasProgressed) {
				attempt = 0;
				pauseMs = patience.pauseMs;
			}
			if (!failure.isRetryable || attempt >= patience.attempts) throw failure;
			const waitMs = Math.min((failure.retryAfterSeconds ?? 0) * 1_000 || pauseMs, patience.longestPauseMs);
			request.onRetry?.(failure, waitMs);
			await sleep(waitMs, undefined, { signal: request.signal });
			pauseMs = Math.min(pauseMs * 2, patience.longestPauseMs);
		}
	}
}

async function fetchRest(part: PartFile, request: DownloadRequest, stallMs: number): Promise<string | undefined> {
	const { offset, validator } = await part.resumable(request.url);
	// Without validator and without hash nobody would notice that two halves are of different files.
	const canResume = validator !== undefined || request.sha256 !== undefined;
	const stall = new Watchdog(stallMs);
	const signal = request.signal ? AbortSignal.any([request.signal, stall.signal]) : stall.signal;
	try {
		const transfer = await openTransfer({
			url: request.url,
			offset: canResume ? offset : 0,
			validator,
			token: request.token,
			signal,
		});
		checkSize(transfer, request);
		await receive(part, transfer, request, stall);
		return transfer.statedSha256;
	} finally {
		// Of a transfer that was refused the rest is not wanted.
		stall.end();
	}
}

function checkSize({ totalBytes }: Transfer, { sizeBytes, url }: DownloadRequest): void {
	if (sizeBytes === undefined || totalBytes === undefined || totalBytes === sizeBytes) return;
	throw new ModelFailure(`${url} offers ${totalBytes} bytes; ${sizeBytes} were expected. It is another file: nothing was fetched.`);
}

async function receive(part: PartFile, transfer: Transfer, request: DownloadRequest, stall: Watchdog): Promise<void> {
	if (transfer.body === null) return;
	const { startsAt, totalBytes } = transfer;
	if (totalBytes !== undefined) await part.ensureSpace(totalBytes - startsAt);
	const meter = new ProgressMeter('download', request.onProgress ?? (() => undefined));
	const file = await part.openAt(startsAt, { url: request.url, validator: transfer.validator });
	let position = startsAt;
	try {
		for await (const chunk of transfer.body) {
			stall.feed();
			await file.write(chunk, 0, chunk.length, position);
			position += chunk.length;
			meter.report(position, totalBytes);
		}
		await file.sync();
	} finally {
		await file.close();
	}
	if (totalBytes !== undefined && position !== totalBytes) {
		throw new ModelFailure(`${request.url} ended after ${position} of ${totalBytes} bytes.`, { isRetryable: true });
	}
}

function asFailure(error: unknown, url: string): ModelFailure {
	if (error instanceof ModelFailure) return error;
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
	// A full or read-only disk is nothing that waiting cures.
	const isDisk = ['ENOSPC', 'EROFS', 'EACCES', 'EDQUOT', 'EIO'].includes(code);
	const words = cause instanceof Error ? cause.message || code : String(cause);
	return new ModelFailure(`${url}: ${words}`, { isRetryable: !isDisk, cause: error });
}

/** Aborts when it is not fed for a while. */
class Watchdog {
	private readonly controller = new AbortController();
	private readonly timer: NodeJS.Timeout;

	constructor(silenceMs: number) {
		this.timer = setTimeout(() => this.controller.abort(new Error(`no byte for ${silenceMs / 1_000} s`)), silenceMs);
	}

	get signal(): AbortSignal {
		return this.controller.signal;
	}

	feed(): void {
		this.timer.refresh();
	}

	end(): void {
		clearTimeout(this.timer);
		this.controller.abort(new Error('the transfer is over'));
	}
}
