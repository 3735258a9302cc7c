/** `innerloop kv status | calibrate`: how the local model's keys and values are stored, and what could hold them in fewer bits. */

import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { loadConfig } from '../config/load-config.ts';
import { modelsDir, nativeDir } from '../config/places.ts';
import { chooseModel } from '../model/choose-model.ts';
import { type CalibrationRecord, type CalibrationState, findCalibration } from '../model/kv-calibration.ts';
import type { StatusReport } from '../protocol/admin.ts';
import type { EngineStatus } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { type CalibrationStep, calibrateKeys, DEFAULT_TOKENS } from './calibrate-keys.ts';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { CONFIG_OPTION, configFileOf, DATA_OPTION, dataDirOf } from './places.ts';
import { findService } from './service-connection.ts';

const status = defineCommand({
	name: 'kv status',
	summary: 'Say how the running model stores keys and values and why, and whether it was calibrated.',
	positionals: ['[NAME|PATH]'],
	options: { ...DATA_OPTION, ...CONFIG_OPTION },
	async run({ values, positionals: [wanted] }, context) {
		const file = modelFileOf(wanted ?? configuredModel(values, context), context);
		const calibration = findCalibration(file);
		const service = findService(dataDirOf(values, context));
		const engine = service === undefined ? undefined : (await service.ask<StatusReport>('GET', 'status')).engine;
		if (values.json) context.terminal.json({ model: file, calibration, running: engine && runningOf(engine) });
		else context.terminal.print([`model        ${file}`, runningLine(engine), `calibration  ${describe(calibration)}`].join('\n'));
		return EXIT.ok;
	},
});

const calibrate = defineCommand({
	name: 'kv calibrate',
	summary: "Measure a model's keys on this machine, so that fewer bits hold them; checked before it is used.",
	positionals: ['[NAME|PATH]'],
	options: {
		...CONFIG_OPTION,
		text: { type: 'string', value: 'FILE', help: "Text to measure on. Default: this project's documentation and sources." },
		tokens: { type: 'string', value: 'N', help: 'Tokens to read in one piece: the length that calls have. Default: 8192.' },
		threads: { type: 'string', value: 'N', help: 'Default: all cores.' },
	},
	details:
		'Needs a C++ compiler and CMake; the first run builds the engine, which takes minutes. The result stands beside the model under its sha256 and takes effect when the engine starts the next time. The service does the same by itself once, when nothing runs (local.kvCalibration).',
	async run({ values, positionals: [wanted] }, context) {
		const file = modelFileOf(wanted ?? configuredModel(values, context), context);
		if (!existsSync(file)) throw new Problem('not-found', `There is no file ${file}. Fetch it: innerloop model get`);
		const record = await calibrateKeys({
			modelFile: file,
			textFile: values.text,
			tokens: countOf(values.tokens, 'tokens') ?? DEFAULT_TOKENS,
			threads: countOf(values.threads, 'threads') ?? availableParallelism(),
			nativeFolder: nativeDir(context.env, context.home),
			onProgress: progressTo(context),
			signal: context.interruption(),
		});
		if (values.json) context.terminal.json({ model: file, record });
		else context.terminal.print(`${describeRecord(record)}\n${record.isUsable ? EFFECT : NO_EFFECT}`);
		return EXIT.ok;
	},
});

export const kvCommands: readonly Command[] = [status, calibrate];

const EFFECT = 'It takes effect when the engine starts the next time.';
const NO_EFFECT = 'It is no gain, so it is not used: keys stay balanced by the weights of the norms.';

function modelFileOf(wanted: string | undefined, { env, home }: Context): string {
	return chooseModel(wanted, modelsDir(env, home)).file;
}

/** What the service would load; a configuration that cannot be read is another command's concern. */
function configuredModel(values: Parameters<typeof configFileOf>[0], context: Context): string | undefined {
	const file = configFileOf(values, context);
	const result = loadConfig(existsSync(file) ? readFileSync(file) : undefined, context.env);
	return result.ok ? result.settings.local.model : undefined;
}

function countOf(text: string | undefined, name: string): number | undefined {
	if (text === undefined) return undefined;
	const count = Number(text);
	if (!Number.isSafeInteger(count) || count < 1) throw new UsageError(`--${name} takes a whole number above 0.`);
	return count;
}

const STEPS: Readonly<Record<CalibrationStep, string>> = {
	hash: 'hashing the model',
	build: 'building the engine',
	read: 'reading the text',
	check: 'checking against balanced keys',
};

/** A line for every quarter of a step. */
function progressTo({ terminal }: Context): (step: CalibrationStep, share: number) => void {
	const told = new Map<CalibrationStep, number>();
	return (step, share) => {
		const quarter = Math.floor(share * 4) * 25;
		if ((told.get(step) ?? -1) >= quarter) return;
		told.set(step, quarter);
		terminal.note(`${STEPS[step]}: ${quarter} %`);
	};
}

function runningOf({ state, build, kvCache, kvCacheReason }: EngineStatus) {
	return { state, build, kvCache, kvCacheReason };
}

function runningLine(engine: EngineStatus | undefined): string {
	if (engine === undefined) return 'in use       no service runs on this data folder';
	if (engine.kvCache === undefined) return `in use       nothing yet: the engine is ${engine.state}`;
	return `in use       ${engine.kvCache}, ${engine.build} build: ${engine.kvCacheReason}`;
}

function describe(state: CalibrationState): string {
	if (state.kind === 'absent') return 'none: innerloop kv calibrate';
	return state.kind === 'usable' ? describeRecord(state.record) : `${describeRecord(state.record)}; not used: ${state.why}`;
}

function describeRecord({ tokens, madeAt, check }: CalibrationRecord): string {
	const nats = (value: number): string => value.toFixed(4);
	return `of ${madeAt.slice(0, 10)} on ${tokens} tokens; mean KL divergence from f16 ${nats(check.present)} → ${nats(check.calibrated)} nats (difference ${nats(check.difference)} ± ${nats(check.standardError)})`;
}
