/** Is this the file that it should be: size, format mark and sha256. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { ModelFailure } from './model-failure.ts';
import { type OnProgress, ProgressMeter } from './progress.ts';

export interface ExpectedFile {
	readonly sizeBytes: number | undefined;
	/** Hex, any case. */
	readonly sha256: string | undefined;
	/** Default: a model, which begins with `GGUF`. */
	readonly kind?: 'model' | 'archive' | undefined;
}

const GGUF_MARK = 'GGUF';

/** Hex sha256 of a file. */
async function hashFile(path: string, onProgress: OnProgress = () => undefined, signal?: AbortSignal): Promise<string> {
	const { size } = await stat(path);
	const meter = new ProgressMeter('verify', onProgress);
	const hash = createHash('sha256');
	let doneBytes = 0;
	for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
		hash.update(chunk as Buffer);
		doneBytes += (chunk as Buffer).length;
		meter.report(doneBytes, size);
	}
	return hash.digest('hex');
}

/**
 * @returns the file's sha256
 * @throws ModelFailure when it is not what was expected, or a model is wanted and it is no GGUF file at all
 */
export async function verifyFile(path: string, expected: ExpectedFile, onProgress?: OnProgress, signal?: AbortSignal): Promise<string> {
	const { size } = await stat(path);
	if (expected.sizeBytes !== undefined && size !== expected.sizeBytes) {
		throw new ModelFailure(`${path} has ${size} bytes; ${expected.sizeBytes} were expected.`);
	}
	if (expected.kind !== 'archive' && (await readMark(path)) !== GGUF_MARK) {
		throw new ModelFailure(
			`${path} is not a GGUF file: it does not begin with "${GGUF_MARK}". A sign-in page may have come instead of the file.`,
		);
	}
	const sha256 = await hashFile(path, onProgress, signal);
	if (expected.sha256 !== undefined && sha256 !== expected.sha256.toLowerCase()) {
		throw new ModelFailure(`${path} has sha256 ${sha256}; ${expected.sha256.toLowerCase()} was expected.`);
	}
	return sha256;
}

async function readMark(path: string): Promise<string> {
	const file = await open(path, 'r');
	try {
		const { buffer, bytesRead } = await file.read(Buffer.alloc(GGUF_MARK.length), 0, GGUF_MARK.length, 0);
		return buffer.toString('latin1', 0, bytesRead);
	} finally {
		await file.close();
	}
}
