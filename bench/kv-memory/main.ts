/** `npm run bench:kv-memory`: bytes of a token by type of cache, and the memory of the engine child by length of its context. */

import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nativeDir } from '../../appliance/config/places.ts';
import type { EngineSettings } from '../../appliance/provider/local/messages.ts';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';
import { openKvTools } from '../lib/kv-tools.ts';
import { type Figure, formatValue, makeReport, printTable, printTargets, writeReport } from '../lib/report.ts';
import { bytesPerToken } from './cache-bytes.ts';
import { readModelShape } from './cache-shape.ts';
import { childMemory } from './child-memory.ts';

const USAGE = `Usage: npm run bench:kv-memory -- --model FILE.gguf [options]

  --model FILE     for the figures of the documentation: a Gemma 4 with the shapes of E2B, all Q4_0
  --types LIST     types of cache (default: f16,q8_0,q5_0,q4_0,tq6,tq5,tq4,tq3)
  --contexts LIST  tokens (default: 512,32768,131072)
  --builds LIST    engines of which the child is measured (default: own,prebuilt)
  --json FILE      also write {machine, commit, figures} there

Bytes of a token are measured as what resident memory grows by between the last two contexts. Nothing here depends on time.
`;

/** What the engine child may take at 32K with the shapes of E2B. */
const CHILD_BOUND_BYTES = 1.5e9;
const BOUND_AT = 32_768;
/** Tokens of the batch at the end of a full cache. */
const BATCH = '128';

const { values } = parseArgs({
	options: {
		model: { type: 'string' },
		types: { type: 'string', default: 'f16,q8_0,q5_0,q4_0,tq6,tq5,tq4,tq3' },
		contexts: { type: 'string', default: '512,32768,131072' },
		builds: { type: 'string', default: 'own,prebuilt' },
		json: { type: 'string' },
		help: { type: 'boolean', short: 'h', default: false },
	},
});

if (values.help || values.model === undefined) {
	console.log(USAGE);
	process.exit(values.help ? 0 : 2);
}

const modelPath = values.model;
const contexts = values.contexts.split(',');
const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
const figures: Figure[] = [];
await bytesByType();
await childByContext();
console.log('');
printTargets(figures);
if (values.json !== undefined) writeReport(values.json, makeReport(fileURLToPath(new URL('../../', import.meta.url)), figures));

async function bytesByType(): Promise<void> {
	const run = await openKvTools();
	const shape = await readModelShape(modelPath);
	const rows: string[][] = [];
	for (const type of values.types.split(',')) {
		const lines = (await run('kv_memory', [modelPath, type, BATCH, ...contexts])) as unknown as readonly Resident[];
		const opened = lines.filter(({ when }) => when === 'opened');
		const [shorter, longer] = opened.slice(-2);
		if (shorter === undefined || longer === undefined) throw new Error('two contexts at least are needed');
		const measured = (longer.anonBytes - shorter.anonBytes) / (longer.context - shorter.context);
		const computed = bytesPerToken(shape, type);
		rows.push([
			type,
			formatValue(computed),
			formatValue(measured),
			...lines.filter(({ when }) => when === 'full').map((line) => mb(line.anonBytes + line.fileBytes)),
		]);
		figures.push(
			{ name: `bytes-a-token/${type}/formula`, value: computed, unit: 'B' },
			{ name: `bytes-a-token/${type}/measured`, value: measured, unit: 'B' },
		);
	}
	console.log('\nBytes of a token, and 10⁶ bytes of a process without Node whose cache is full');
	printTable(['cache', 'formula', 'measured', ...contexts], rows);
}

interface Resident {
	readonly context: number;
	readonly when: 'opened' | 'full';
	readonly anonBytes: number;
	readonly fileBytes: number;
}

async function childByContext(): Promise<void> {
	const rows: string[][] = [];
	for (const kind of values.builds.split(',')) {
		const build = await buildOf(kind);
		for (const context of contexts) {
			const settings = {
				modelPath,
				build,
				slots: 1,
				contextTokens: Number(context),
				threads: 1,
				prefillChunkTokens: 256,
				kvCache: 'auto' as const,
				kvCalibrationFile: undefined,
			};
			const memory = await childMemory(settings).catch(refusalOf);
			if (typeof memory === 'string') {
				rows.push([kind, memory, context]);
				continue;
			}
			rows.push([
				kind,
				memory.kvCache,
				context,
				...[memory.rssBytes, memory.anonBytes, memory.fileBytes, memory.sharedBytes, memory.peakBytes].map(mb),
			]);
			const isBound = kind === 'own' && Number(context) === BOUND_AT;
			const target = { is: '<', value: CHILD_BOUND_BYTES } as const;
			figures.push({ name: `child/${kind}/${context}/rss`, value: memory.rssBytes, unit: 'B', ...(isBound ? { target } : {}) });
			for (const part of ['anonBytes', 'fileBytes', 'peakBytes'] as const) {
				figures.push({ name: `child/${kind}/${context}/${part.replace('Bytes', '')}`, value: memory[part], unit: 'B' });
			}
		}
	}
	console.log('\nThe engine child, one slot, 10⁶ bytes');
	printTable(['build', 'cache', 'context', 'RSS', 'anonymous', 'file', 'shared', 'peak'], rows);
}

/** The library refuses a context by an estimate of its own, before anything is taken. */
function refusalOf(error: unknown): string {
	if (error instanceof Error && error.message.includes('too large for the available RAM')) return 'refused: memory';
	throw error;
}

async function buildOf(kind: string): Promise<EngineSettings['build']> {
	if (kind !== 'own') return { kind: 'prebuilt' };
	const options = { folder: nativeDir(process.env, homedir()), onProgress: () => undefined, signal: new AbortController().signal };
	return { kind: 'own', folder: await obtainOwnBuild({ ...options, inputs: readBuildInputs() }) };
}
