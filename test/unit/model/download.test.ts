import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DownloadRequest, download } from '../../../appliance/model/download.ts';
import { ModelFailure } from '../../../appliance/model/model-failure.ts';
import type { Progress } from '../../../appliance/model/progress.ts';
import { cutAfter, FileServer, ignoreRange, stall, status } from './file-server.ts';

const CONTENT = Buffer.concat([Buffer.from('GGUF'), randomBytes(300_000)]);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
/** Long enough that a busy machine's pause is not taken for silence, which would add a try to those that are counted. */
const PATIENCE = { attempts: 4, pauseMs: 5, longestPauseMs: 50, stallMs: 10_000 };

let folder: string;
let server: FileServer;
let request: DownloadRequest;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-download-'));
	server = new FileServer(CONTENT);
	server.readersFile = join(folder, 'model.gguf.part');
	request = { url: await server.start(), file: join(folder, 'model.gguf'), sizeBytes: CONTENT.length, sha256: SHA256, patience: PATIENCE };
});

afterEach(async () => {
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
});

function expectWhole(): void {
	expect(readFileSync(request.file).equals(CONTENT)).toBe(true);
	expect(existsSync(`${request.file}.part`)).toBe(false);
	expect(existsSync(`${request.file}.part.json`)).toBe(false);
}

function expectNothing(): void {
	expect(existsSync(request.file)).toBe(false);
}

describe('a download that goes well', () => {
	test('arrives whole, verified, under its name', async () => {
		expect(await download(request)).toEqual({ sha256: SHA256, verifiedBy: 'expected' });
		expectWhole();
	});

	test('reports bytes, total, rate and remaining time', async () => {
		const reports: Progress[] = [];
		await download({ ...request, onProgress: (progress) => reports.push(progress) });
		const last = reports.filter(({ stage }) => stage === 'download').at(-1);
		expect(last).toMatchObject({ doneBytes: CONTENT.length, totalBytes: CONTENT.length });
		expect(reports.map(({ stage }) => stage)).toContain('verify');
	});

	test('without any hash says that nobody vouches for it', async () => {
		expect(await download({ ...request, sha256: undefined })).toEqual({ sha256: SHA256, verifiedBy: 'nobody' });
	});

	test('takes the hash that the hub states beside its redirect, and refuses what differs', async () => {
		const redirect = (sha256: string) => status(302, { location: '/cdn/model.gguf', 'x-linked-etag': `"${sha256}"` });
		server.script.push(redirect(SHA256));
		expect(await download({ ...request, sha256: undefined })).toEqual({ sha256: SHA256, verifiedBy: 'hub' });
		rmSync(request.file);
		server.script.push(redirect('0'.repeat(64)));
		await expect(download({ ...request, sha256: undefined })).rejects.toThrow(/0{64} was expected/);
		expectNothing();
	});

	test('shows the token to the hub, and never to the host it redirects to', async () => {
		const elsewhere = new FileServer(CONTENT);
		const location = await elsewhere.start();
		server.script.push(status(302, { location }));
		await download({ ...request, token: 'secret' });
		await elsewhere.stop();
		expect(server.seen[0]?.authorization).toBe('Bearer secret');
		expect(elsewhere.seen[0]?.authorization).toBeUndefined();
		expectWhole();
	});
});

describe('a connection that is cut', () => {
	test('goes on where it stopped, as often as it takes', async () => {
		for (let cut = 0; cut < 8; cut++) server.script.push(cutAfter(30_000));
		await download(request);
		expectWhole();
		expect(server.seen).toHaveLength(9);
		expect(server.seen[1]).toMatchObject({ ifRange: '"first"' });
		expect(server.seen[8]?.range).toBe('bytes=240000-');
	});

	test('is nothing that collecting garbage does: an answer is read whole though nobody holds it', async () => {
		for (let cut = 0; cut < 8; cut++) server.script.push(cutAfter(30_000));
		setFlagsFromString('--expose-gc');
		const collecting = setInterval(runInNewContext('gc') as () => void, 0);
		try {
			await download(request);
		} finally {
			clearInterval(collecting);
		}
		expectWhole();
		expect(server.seen.map(({ range }) => range)).toEqual([
			undefined,
			...Array.from({ length: 8 }, (_, cut) => `bytes=${30_000 * (cut + 1)}-`),
		]);
	});

	test('goes on in the next run of the program', async () => {
		server.script.push(cutAfter(100_000), status(404));
		await expect(download(request)).rejects.toThrow(/404/);
		expectNothing();
		const before = server.seen.length;
		await download(request);
		expect(server.seen[before]?.range).toBe('bytes=100000-');
		expectWhole();
	});

	test('starts anew where the server ignores ranges', async () => {
		server.script.push(cutAfter(100_000), ignoreRange);
		await download(request);
		expectWhole();
	});

	test('never joins halves of two files: a changed ETag starts anew', async () => {
		server.script.push(cutAfter(100_000), (hub, _request, response) => {
			hub.content = Buffer.concat([Buffer.from('GGUF'), randomBytes(CONTENT.length - 4)]);
			hub.etag = '"second"';
			response.destroy();
		});
		await download({ ...request, sha256: undefined });
		expect(readFileSync(request.file).equals(server.content)).toBe(true);
	});

	test('starts anew where there is neither validator nor hash', async () => {
		server.etag = 'W/"weak"';
		server.script.push(cutAfter(100_000));
		await download({ ...request, sha256: undefined });
		expect(server.seen[1]?.range).toBeUndefined();
		expectWhole();
	});

	test('counts silence as a cut', async () => {
		server.script.push(stall);
		await download({ ...request, patience: { ...PATIENCE, stallMs: 300 } });
		expectWhole();
	});

	test('gives up after so many tries without a byte, and says why', async () => {
		server.script.push(...Array.from({ length: 4 }, () => status(503)));
		const retries: string[] = [];
		await expect(download({ ...request, onRetry: ({ message }) => retries.push(message) })).rejects.toThrow(/answered 503/);
		expect(retries).toHaveLength(3);
		expectNothing();
	});
});

describe('an answer that is not the file', () => {
	test.each([401, 403, 404, 410])('%i is final', async (code) => {
		server.script.push(status(code));
		await expect(download(request)).rejects.toThrow(ModelFailure);
		expect(server.seen).toHaveLength(1);
		expectNothing();
	});

	test('416 for a complete part means done', async () => {
		writeFileSync(`${request.file}.part`, CONTENT);
		writeFileSync(`${request.file}.part.json`, JSON.stringify({ url: request.url, validator: '"first"' }));
		await download(request);
		expect(server.seen).toHaveLength(1);
		expectWhole();
	});

	test('416 for a part that is too long starts anew', async () => {
		writeFileSync(`${request.file}.part`, Buffer.concat([CONTENT, CONTENT]));
		writeFileSync(`${request.file}.part.json`, JSON.stringify({ url: request.url, validator: '"first"' }));
		await download(request);
		expectWhole();
	});

	test('a part of another address, or without its note, is not built upon', async () => {
		writeFileSync(`${request.file}.part`, 'something else');
		await download(request);
		expect(server.seen[0]?.range).toBeUndefined();
		expectWhole();
	});

	test('a wrong hash is thrown away', async () => {
		await expect(download({ ...request, sha256: 'f'.repeat(64) })).rejects.toThrow(/sha256 [0-9a-f]{64}; f{64} was expected/);
		expectNothing();
		expect(existsSync(`${request.file}.part`)).toBe(false);
	});

	test('a damaged part of an earlier run gets one fresh start', async () => {
		writeFileSync(`${request.file}.part`, Buffer.alloc(1_000, 1));
		writeFileSync(`${request.file}.part.json`, JSON.stringify({ url: request.url, validator: '"first"' }));
		await download(request);
		expect(server.seen.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
		expectWhole();
	});

	test('another size than expected is refused before a byte is kept', async () => {
		await expect(download({ ...request, sizeBytes: 5 })).rejects.toThrow(/offers 300004 bytes; 5 were expected/);
		expect(existsSync(`${request.file}.part`)).toBe(false);
	});

	test('a page instead of a model is refused', async () => {
		server.content = Buffer.from('<html>Sign in</html>');
		await expect(download({ ...request, sizeBytes: undefined, sha256: undefined })).rejects.toThrow(/not a GGUF file/);
		expectNothing();
	});

	test('more than the disk holds is refused before it is fetched', async () => {
		server.script.push((_hub, _request, response) => void response.writeHead(200, { 'content-length': 2 ** 50 }).write('GGUF'));
		await expect(download({ ...request, sizeBytes: undefined })).rejects.toThrow(/free; the file needs/);
		expectNothing();
	});

	test('stops at once when it is told to', async () => {
		server.script.push(stall);
		const abort = new AbortController();
		setTimeout(() => abort.abort(new Error('enough')), 30);
		await expect(download({ ...request, signal: abort.signal })).rejects.toThrow('enough');
		expectNothing();
	});
});
