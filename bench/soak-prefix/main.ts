/** `npm run soak:prefix`: the store of prefixes for hours: disk, memory and speed stay where they are. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const USAGE = `Usage: npm run soak:prefix -- [options]

  --rounds N   sessions that are read (default 5000)
  --block N    bytes a block (default 200000, as Gemma 4 E2B's with a q8_0 cache)
  --bytes N    most bytes on disk (default 500000000)
`;

const { values } = parseArgs({
	options: {
		rounds: { type: 'string', default: '5000' },
		block: { type: 'string', default: '200000' },
		bytes: { type: 'string', default: '500000000' },
		help: { type: 'boolean', default: false },
	},
});

if (values.help) process.stdout.write(USAGE);
else {
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-soak-'));
	try {
		const mostBytes = Number(values.bytes);
		const { samples, wrong, dropped } = await soak({
			folder,
			rounds: Number(values.rounds),
			blockBytes: Number(values.block),
			mostBytes,
			reopenEvery: 500,
			onSample: ({ round, bytes, blocks, heapBytes, roundMs }) =>
				console.log(
					`${round}: ${blocks} blocks, ${bytes} bytes, heap ${Math.round(heapBytes / 1e6)} MB, a session ${roundMs.toFixed(1)} ms`,
				),
		});
		const isBounded = samples.every(({ bytes }) => bytes <= mostBytes);
		console.log(`${wrong} blocks wrong, ${dropped} dropped, disk ${isBounded ? 'bounded' : 'NOT BOUNDED'}`);
		if (wrong > 0 || dropped > 0 || !isBounded) process.exitCode = 1;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
