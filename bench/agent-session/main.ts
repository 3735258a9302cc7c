/** `npm run bench:agent-session`: what agents' sessions compute and wait at the local model, beside stock engines. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { modelsDir } from '../../appliance/config/places.ts';
import { type Figure, formatValue, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';
import { firstTokenFigures } from './first-token-part.ts';
import { Text } from './sessions.ts';
import { sessionFigures } from './sessions-part.ts';
import type { Setting } from './setting.ts';
import { readShapes } from './shapes.ts';
import { togetherFigures } from './together-part.ts';

const PARTS = ['sessions', 'first-token', 'together'] as const;

const USAGE = `Usage: npm run bench:agent-session -- [options]

  --parts LIST      of ${PARTS.join(',')} (default: all)
  --model FILE      GGUF file (default: the embedded small model)
  --shapes FILE     recorded session whose calls give the shapes (default: a short list in the program)
  --calls N         calls a session (default 4)
  --known N         tokens of the team's prompt in sessions and together (default 1500)
  --long N          tokens known before the first token is timed (default 15000, more than the embedded model was trained for)
  --developers N    at once (default 8)
  --calls-each N    of each of them (default 6)
  --cloud-ms N      after which the stand-in for the cloud has answered (default 4000)
  --llama-server F  llama.cpp's server; without it that column is missing
  --threads N       (default 1)
  --json FILE       also write {machine, commit, figures} there

Stock is node-llama-cpp's prebuilt engine with as many sequences as the box has slots (2); it and llama.cpp's server read
the same prompts and answer nothing. With 15000 tokens the small model takes minutes, Gemma 4 E2B a quarter of an hour.
`;

const { values } = parseArgs({
	options: {
		parts: { type: 'string', default: PARTS.join(',') },
		model: { type: 'string', default: join(modelsDir(process.env, homedir()), 'smollm2-135m-instruct-q4_1.gguf') },
		shapes: { type: 'string' },
		calls: { type: 'string', default: '4' },
		known: { type: 'string', default: '1500' },
		long: { type: 'string', default: '15000' },
		developers: { type: 'string', default: '8' },
		'calls-each': { type: 'string', default: '6' },
		'cloud-ms': { type: 'string', default: '4000' },
		'llama-server': { type: 'string' },
		threads: { type: 'string', default: '1' },
		json: { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

const SLOTS = 2;
const LARGEST_NEWS = 600;
const root = fileURLToPath(new URL('../../', import.meta.url));

if (values.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
	const parts = values.parts.split(',');
	const unknown = parts.find((part) => !PARTS.some((known) => known === part));
	if (unknown !== undefined) throw new Error(`there is no part ${unknown}: it is one of ${PARTS.join(', ')}`);
	const folder = mkdtempSync(join(tmpdir(), 'innerloop-agent-session-'));
	const setting: Setting = {
		...{ modelPath: values.model, slots: SLOTS, threads: Number(values.threads), llamaServer: serverProgram() },
		...{ text: new Text(root), knownTokens: Number(values.known) },
		shapes: readShapes(values.shapes, Number(values.calls), LARGEST_NEWS),
		newFolder: () => mkdtempSync(join(folder, 'part-')),
	};
	const figures: Figure[] = [];
	try {
		if (parts.includes('sessions')) figures.push(...(await sessionFigures(setting)));
		if (parts.includes('first-token')) figures.push(...(await firstTokenFigures({ ...setting, knownTokens: Number(values.long) })));
		if (parts.includes('together')) figures.push(...(await togetherFigures(setting, togetherOptions())));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	printTable(
		['figure', 'value', 'unit'],
		figures.map(({ name, value, unit }) => [name, unit.startsWith('×') ? value.toFixed(4) : formatValue(value), unit]),
	);
	printTargets(figures);
	if (values.json !== undefined) writeReport(values.json, makeReport(root, figures));
}

function togetherOptions() {
	return { developers: Number(values.developers), callsEach: Number(values['calls-each']), cloudMs: Number(values['cloud-ms']) };
}

function serverProgram(): string | undefined {
	const program = values['llama-server'];
	if (program === undefined) console.error("Without --llama-server FILE the column of llama.cpp's server is missing.");
	else if (!existsSync(program)) throw new Error(`there is no ${program}`);
	return program;
}
