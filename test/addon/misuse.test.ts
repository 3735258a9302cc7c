/** Every misuse of the addon is an error with a code, never a crash; and it lives in worker threads and under garbage collection. */

import { Worker } from 'node:worker_threads';
import { beforeAll, expect, test } from 'vitest';
import { type BlockShape, openTurboquant, type Turboquant } from '../../native/bindings/index.ts';
import { ADDON_BUILD_TIMEOUT_MS, normals, turboquantAddonFile } from '../support/turboquant.ts';

const SHAPE: BlockShape = { bits: 4, block: 256, blocks: 1 };

let file: string;
let tq: Turboquant;

beforeAll(async () => {
	file = await turboquantAddonFile();
	tq = openTurboquant(file);
}, ADDON_BUILD_TIMEOUT_MS);

const codec = () => tq.openPublishedCodec({ headDim: 64, bits: 3 });
const withNumber = (value: number): Float32Array => normals(256, 1).fill(value, 7, 8);

const MISUSES: readonly (readonly [what: string, code: string, act: () => unknown])[] = [
	['half a row', 'TQ_WRONG_LENGTH', () => tq.encode(SHAPE, new Float32Array(100))],
	['half an encoded row', 'TQ_WRONG_LENGTH', () => tq.reconstruct(SHAPE, new Uint8Array(133))],
	['seventeen heads', 'TQ_WRONG_LENGTH', () => tq.scores(SHAPE, new Uint8Array(134), new Float32Array(17 * 256))],
	['no head', 'TQ_WRONG_LENGTH', () => tq.scores(SHAPE, new Uint8Array(134), new Float32Array(0))],
	['weights of another count', 'TQ_WRONG_LENGTH', () => tq.accumulate(SHAPE, new Uint8Array(268), new Float32Array(3), 2)],
	['a block of 100', 'TQ_WRONG_HEAD_DIM', () => tq.rowBytes({ ...SHAPE, block: 100 })],
	['a row of 1024', 'TQ_WRONG_HEAD_DIM', () => tq.rowBytes({ ...SHAPE, blocks: 4 })],
	['a row of no block', 'TQ_WRONG_HEAD_DIM', () => tq.rowBytes({ ...SHAPE, blocks: 0 })],
	['codes of 7 bits', 'TQ_UNKNOWN_FORMAT', () => tq.rowBytes({ ...SHAPE, bits: 7 })],
	['codes of 3.5 bits', 'TQ_WRONG_TYPE', () => tq.rowBytes({ ...SHAPE, bits: 3.5 })],
	['a NaN', 'TQ_NOT_FINITE', () => tq.encode(SHAPE, withNumber(Number.NaN))],
	['an infinity', 'TQ_NOT_FINITE', () => tq.encode(SHAPE, withNumber(Number.NEGATIVE_INFINITY))],
	['a NaN in a query', 'TQ_NOT_FINITE', () => tq.scores(SHAPE, new Uint8Array(134), withNumber(Number.NaN))],
	['an infinite weight', 'TQ_NOT_FINITE', () => tq.accumulate(SHAPE, new Uint8Array(134), Float32Array.of(Number.POSITIVE_INFINITY), 1)],
	['a negative weight', 'TQ_NEGATIVE', () => tq.accumulate(SHAPE, new Uint8Array(134), Float32Array.of(-1), 1)],
	['doubles for floats', 'TQ_WRONG_TYPE', () => tq.encode(SHAPE, new Float64Array(256) as unknown as Float32Array)],
	['nothing at all', 'TQ_WRONG_TYPE', () => tq.encode(SHAPE, undefined as unknown as Float32Array)],
	['shared memory', 'TQ_WRONG_TYPE', () => tq.encode(SHAPE, new Float32Array(new SharedArrayBuffer(1_024)))],
	['a detached array', 'TQ_WRONG_TYPE', () => tq.encode(SHAPE, detached())],
	['an unknown instruction set', 'TQ_NO_INSTRUCTION_SET', () => tq.scores(SHAPE, new Uint8Array(134), new Float32Array(256), 'mmx')],
	['a codebook of 0 bits', 'TQ_WRONG_BITS', () => tq.codebook(0)],
	['a codebook of 7 bits', 'TQ_WRONG_BITS', () => tq.codebook(7)],
	['a sphere of 2 dimensions', 'TQ_WRONG_HEAD_DIM', () => tq.codebook(2, 2)],
	['a Hadamard rotation of 96', 'TQ_WRONG_HEAD_DIM', () => tq.rotate(new Float32Array(96), { headDim: 96 })],
	['a head of 60', 'TQ_WRONG_HEAD_DIM', () => tq.openPublishedCodec({ headDim: 60, bits: 3, rotation: 'haar' })],
	['a head of 1024', 'TQ_WRONG_HEAD_DIM', () => tq.openPublishedCodec({ headDim: 1_024, bits: 3 })],
	[
		'an orthogonal sketch of 96',
		'TQ_WRONG_HEAD_DIM',
		() => tq.openPublishedCodec({ headDim: 96, bits: 3, rotation: 'haar', residual: 'orthogonal' }),
	],
	['an unknown scale', 'TQ_WRONG_TYPE', () => tq.openPublishedCodec({ headDim: 64, bits: 3, scale: 'best' as 'norm' })],
	['half a vector', 'TQ_WRONG_LENGTH', () => codec().encode(new Float32Array(65))],
	['a query of another length', 'TQ_WRONG_LENGTH', () => codec().scores(new Float32Array(63), new Uint8Array(0))],
	['a closed codec', 'TQ_CLOSED', () => closed().encode(new Float32Array(64))],
];

function detached(): Float32Array {
	const array = new Float32Array(256);
	structuredClone(array, { transfer: [array.buffer] });
	return array;
}

function closed() {
	const one = codec();
	one.close();
	return one;
}

test.each(MISUSES)('%s is refused with %s', (_what, code, act) => {
	expect(act).toThrow(expect.objectContaining({ code }));
});

test('in the background the same errors reject, and a codec that is closed meanwhile finishes its work', async () => {
	await expect(tq.encodeInBackground(SHAPE, withNumber(Number.NaN))).rejects.toMatchObject({ code: 'TQ_NOT_FINITE' });
	await expect(tq.encodeInBackground(SHAPE, new Float32Array(9))).rejects.toMatchObject({ code: 'TQ_WRONG_LENGTH' });
	const vectors = normals(64 * 500, 4);
	const one = codec();
	const expected = one.encode(vectors);
	const pending = one.encodeInBackground(vectors);
	one.close();
	vectors.fill(0);
	expect(await pending).toEqual(expected);
	await expect(one.encodeInBackground(vectors)).rejects.toMatchObject({ code: 'TQ_CLOSED' });
});

test('the block formats give the same bytes in the background', async () => {
	const rows = normals(256 * 40, 6);
	expect(await tq.encodeInBackground(SHAPE, rows)).toEqual(tq.encode(SHAPE, rows));
});

test('no row and no token is a row count like any other', () => {
	expect(tq.encode(SHAPE, new Float32Array(0))).toHaveLength(0);
	expect(tq.scores(SHAPE, new Uint8Array(0), new Float32Array(256))).toHaveLength(0);
	expect([...tq.accumulate(SHAPE, new Uint8Array(0), new Float32Array(0), 1)]).toEqual(new Array(256).fill(0));
});

test('zeros, tiny and huge rows come back as what they are', () => {
	for (const size of [0, 1e-6, 1, 60_000]) {
		const rows = normals(256, 8).map((value) => value * size);
		const back = tq.reconstruct(SHAPE, tq.encode(SHAPE, rows));
		const worst = rows.reduce((most, value, i) => Math.max(most, Math.abs(value - (back[i] ?? Number.NaN))), 0);
		expect(worst).toBeLessThanOrEqual(size);
	}
});

/** Loads the addon, works with it, and ends: with work still under way in the last one. */
const WORKER = `
	const { workerData, parentPort } = require('node:worker_threads');
	const addon = require(workerData.file);
	const shape = { bits: 4, block: 256, blocks: 1 };
	const rows = new Float32Array(256 * 2000).fill(1);
	addon.encodeInBackground(shape, rows).then((bytes) => parentPort.postMessage(bytes.length));
	if (workerData.leaves) process.exit(0);
`;

test('worker threads load it side by side, and one may end in the middle of its work', async () => {
	const run = (leaves: boolean) =>
		new Promise<unknown>((resolve, reject) => {
			const worker = new Worker(WORKER, { eval: true, workerData: { file, leaves } });
			worker.once('message', resolve);
			worker.once('error', reject);
			worker.once('exit', (code) => resolve(`exit ${code}`));
		});
	expect(await Promise.all([run(false), run(false), run(true)])).toEqual([2_000 * 134, 2_000 * 134, 'exit 0']);
});
