/** `npm run bench:mdns`: each way to announce the box, and other packages as they come, held to the same lines. */

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ADVERTISERS } from '../../appliance/protocol/discovery.ts';
import { LINES, type Line, type Results, runConformance } from '../../test/discovery/conformance.ts';
import { asMarkdown, type Columns } from '../../test/discovery/table.ts';
import { cachedInstall } from '../../test/support/cached-install.ts';
import { installDiscoveryTools } from '../../test/support/discovery-tools.ts';
import { type Figure, formatValue, makeReport, printTable, writeReport } from '../lib/report.ts';

const USAGE = `npm run bench:mdns [-- --json FILE] [--only NAME …]

Each in networks of its own (namespaces and virtual cables). Beside our adapters run mdns-js without our repairs and
bonjour-service; ciao is one of ours. Prints the table of lines, and how long a box takes to be found, to say goodbye and to
be back. One after the other, as times are compared: about six minutes, most of them waiting for what the peers leave out.`;

/** As `advertise-child.ts` knows them. */
const PEERS = ['bare-mdns-js', 'bonjour-service'] as const;
/** Lines whose time says something, and what we mean to reach. */
const TIMED: Readonly<Partial<Record<Line, { readonly name: string; readonly limitMs: number }>>> = {
	'an address that comes late': { name: 'found-after-a-late-address', limitMs: 5_000 },
	'goodbye within a second': { name: 'goodbye', limitMs: 1_000 },
	'network gone and back': { name: 'back-with-the-network', limitMs: 5_000 },
};

const { values } = parseArgs({
	options: { json: { type: 'string' }, only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
});

if (values.help) console.log(USAGE);
else {
	const columns = await run(whoRuns(values.only));
	console.log(`${asMarkdown(columns)}\n`);
	const figures = Object.entries(columns).flatMap(([name, results]) => figuresOf(name, results));
	printTable(['figure', 'measured', 'target'], figures.map(asRow));
	if (values.json !== undefined) writeReport(values.json, makeReport(import.meta.dirname, figures));
}

function whoRuns(only: readonly string[] | undefined): readonly string[] {
	const all: readonly string[] = [...ADVERTISERS, ...PEERS];
	const unknown = only?.find((name) => !all.includes(name));
	if (unknown !== undefined) throw new Error(`There is no advertiser ${unknown}: one of ${all.join(', ')}.`);
	return only ?? all;
}

/** One after the other: times are compared. */
async function run(names: readonly string[]): Promise<Columns> {
	const tools = await installDiscoveryTools();
	const peers = await cachedInstall({
		source: fileURLToPath(new URL('./peers', import.meta.url)),
		kind: 'mdns-peers',
		title: 'Installing bonjour-service to measure beside',
	});
	const columns: Record<string, Results> = {};
	for (const name of names) {
		console.error(`${name} …`);
		columns[name] = await runConformance(name, tools, { INNERLOOP_PEERS: peers });
	}
	return columns;
}

function asRow({ name, value, unit, target }: Figure): readonly string[] {
	return [name, `${formatValue(value)} ${unit}`, target === undefined ? '' : `${target.is} ${target.value}`];
}

/** Peers have no target: they are what ours is held against. */
function figuresOf(name: string, results: Results): readonly Figure[] {
	const isOurs = ADVERTISERS.some((one) => one === name);
	const held = LINES.filter((line) => results[line].fault === undefined).length;
	const lines: Figure = { name: `${name}/lines-held`, value: held, unit: `of ${LINES.length}`, target: { is: '>=', value: LINES.length } };
	const times = LINES.flatMap((line): readonly Figure[] => {
		const timed = TIMED[line];
		const { ms, fault } = results[line];
		if (timed === undefined || ms === undefined || fault !== undefined) return [];
		return [{ name: `${name}/${timed.name}`, value: ms, unit: 'ms', target: { is: '<', value: timed.limitMs } }];
	});
	const figures = [lines, ...times];
	return isOurs ? figures : figures.map(({ target: _, ...figure }) => figure);
}
