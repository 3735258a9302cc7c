/** `npm run bench:power-cuts`: how many power cuts at random moments of a box at work it survives. */

import { parseArgs } from 'node:util';
import { makeReport, printTargets, writeReport } from '../lib/report.ts';
import { cutPower } from './cut-power.ts';
import { WATCHDOG_MS } from './survive.ts';

const USAGE = `Usage: npm run bench:power-cuts -- [options]        (as root: it mounts file systems)

  --cuts N      power cuts (default 200)
  --seconds N   length of each of the two runs that are recorded (default 10)
  --lanes N     callers at once (default 4)
  --engine N    every Nth cut starts the local model too and asks it again (default 5)
  --seed N      of the choices (default 1)
  --json FILE   keeps the figures

A real service works on an ext4 of the data partition's kind whose every write is recorded. A cut keeps what a flush
confirmed; of all other writes each is kept, lost or torn. Then, as at a boot: e2fsck, mount, the real service; its ledger
is held against the vendor's bill at the moment of the cut, its database against SQLite's check, its prefixes by an answer.
`;

const { values } = parseArgs({
	options: {
		cuts: { type: 'string', default: '200' },
		seconds: { type: 'string', default: '10' },
		lanes: { type: 'string', default: '4' },
		engine: { type: 'string', default: '5' },
		seed: { type: 'string', default: '1' },
		json: { type: 'string' },
		help: { type: 'boolean', short: 'h', default: false },
	},
});

if (values.help) process.stdout.write(USAGE);
else {
	const cuts = Number(values.cuts);
	const { work, writes, writtenBytes, survivals } = await cutPower({
		cuts,
		seed: Number(values.seed),
		seconds: Number(values.seconds),
		lanes: Number(values.lanes),
		engineEvery: Number(values.engine),
		onCut: ({ count, faults }, number) => {
			if (faults.length > 0) console.log(`cut ${number} after write ${count}: ${faults.join('; ')}`);
			else if ((number + 1) % 20 === 0) console.log(`${number + 1} cuts`);
		},
	});
	const sum = (of: (one: (typeof survivals)[number]) => number) => survivals.reduce((total, one) => total + of(one), 0);
	const survived = survivals.filter(({ faults }) => faults.length === 0).length;
	console.log(
		`\n${work.cloudCalls} calls to the cloud, ${work.localCalls} to the local model, ${writes} writes of ${(writtenBytes / 1e6).toFixed(1)} MB\n`,
	);
	const figures = [
		{ name: 'power-cuts/injected', value: survivals.length, unit: 'cuts', target: { is: '>=', value: 200 } },
		{ name: 'power-cuts/survived', value: survived, unit: 'cuts', target: { is: '>=', value: survivals.length } },
		{ name: 'power-cuts/with-writes-at-stake', value: survivals.filter(({ atStake }) => atStake > 0).length, unit: 'cuts' },
		{ name: 'power-cuts/writes-lost-or-torn', value: sum(({ damaged }) => damaged), unit: 'writes' },
		{ name: 'power-cuts/prefix-blocks-dropped', value: sum(({ droppedBlocks }) => droppedBlocks), unit: 'blocks' },
		{
			name: 'power-cuts/slowest-to-healthy',
			value: Math.max(...survivals.map(({ healthyMs }) => healthyMs)) / 1_000,
			unit: 's',
			target: { is: '<', value: WATCHDOG_MS / 1_000 },
		},
		{
			name: 'power-cuts/ledger-above-bill',
			value: sum(({ settledNanoUsd, billedNanoUsd }) => settledNanoUsd - billedNanoUsd) / survivals.length / 1e9,
			unit: 'USD in the mean',
		},
	] as const;
	printTargets(figures);
	const others = figures.filter((figure) => !('target' in figure));
	for (const { name, value, unit } of others) console.log(`${name}: ${Number.isInteger(value) ? value : value.toFixed(3)} ${unit}`);
	if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, figures));
	if (survived < survivals.length) process.exitCode = 1;
}
