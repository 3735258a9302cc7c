/** Encodes rows with the addon that it is given and prints bytes and sums: the same on every architecture. */

import { openTurboquant } from '../../native/bindings/index.ts';
import { normals } from '../support/turboquant.ts';

const tq = openTurboquant(process.argv[2] ?? '');
const rows = normals(4 * 512, 7);
const blocks = [3, 4, 5, 6].map((bits) => {
	const shape = { bits, block: 256, blocks: 2 };
	const encoded = tq.encode(shape, rows);
	return { bits, encoded: Buffer.from(encoded).toString('hex'), reconstructed: [...tq.reconstruct(shape, encoded).slice(0, 64)] };
});
console.log(JSON.stringify({ architecture: process.arch, instructionSets: tq.instructionSets, blocks }));
