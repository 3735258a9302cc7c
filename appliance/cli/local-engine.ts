/** Starts the engine that the configuration asks for, on the model that is here or on its way. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBuildInputs } from '../../native/build/build-inputs.ts';
import { obtainOwnBuild } from '../../native/build/own-build.ts';
import { listPatches } from '../../native/build/own-sources.ts';
import { type Environment, modelsDir, nativeDir } from '../config/places.ts';
import type { PrefixConfig } from '../config/prefix.ts';
import type { Settings } from '../config/settings.ts';
import { chooseModel } from '../model/choose-model.ts';
import { findCalibration } from '../model/kv-calibration.ts';
import { type ModelLog, obtainForService } from '../model/obtain-for-service.ts';
import type { LocalEngine } from '../protocol/ports.ts';
import { createAwaitedEngine } from '../provider/local/awaited-engine.ts';
import type { LogPort } from '../provider/local/engine-supervisor.ts';
import { createLocalEngine } from '../provider/local/local-engine.ts';
import type { PrefixSettings } from '../provider/local/messages.ts';
import { digestOfText } from '../provider/local/prefix/token-blocks.ts';
import { withCalibration } from './background-calibration.ts';

const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };

/** Returns at once: a model that has to be fetched is fetched in the background. */
export function startEngine(
	{ local }: Settings,
	log: ModelLog & LogPort,
	{ env, home, dataDir }: { readonly env: Environment; readonly home: string; readonly dataDir: string },
): LocalEngine {
	const dir = modelsDir(env, home);
	const choice = chooseModel(local.model, dir);
	const create = (modelPath: string) => {
		const engine = createLocalEngine({
			modelPath,
			slots: local.slots,
			contextTokens: local.contextTokens,
			threads: local.threads,
			queueLength: local.queueLength,
			prefillChunkTokens: local.prefillChunkTokens,
			mostStallMs: local.mostStallMs,
			prefix: prefixSettings(local.prefix, dataDir, env),
			...ownBuildOf(local.build, { env, home }, log),
			kvCache: local.kvCache,
			findCalibration: () => usableCalibration(modelPath),
			log,
			clock,
		});
		return local.kvCalibration ? withCalibration(engine, { modelFile: modelPath, env, home, log }) : engine;
	};
	if (choice.isPresent) return create(choice.file);
	const fetching = new AbortController();
	return createAwaitedEngine({
		modelFile: obtainForService({ wanted: local.model, modelsDir: dir, hubToken: env.HF_TOKEN, log, signal: fetching.signal }),
		create,
		model: choice.name,
		slots: local.slots,
		giveUp: () => fetching.abort(),
	});
}

/** Checked and found good; undefined where there is none. */
function usableCalibration(modelPath: string): string | undefined {
	const found = findCalibration(modelPath);
	return found.kind === 'usable' ? found.file : undefined;
}

/** An image brings its own build along; elsewhere it is made in the background. */
function ownBuildOf(build: Settings['local']['build'], { env, home }: { readonly env: Environment; readonly home: string }, log: LogPort) {
	const brought = env.INNERLOOP_ENGINE;
	if (brought) return { obtainOwnBuild: async () => join(brought, 'node-llama-cpp') };
	return wantsOwnBuild(build) ? { obtainOwnBuild: buildIn(nativeDir(env, home), log) } : {};
}

/** systemd hands a credential of this name over in a folder of its own; else the key lies beside what it locks. */
const KEY_CREDENTIAL = 'innerloop-prefix-key';

function prefixSettings(config: PrefixConfig, dataDir: string, env: Environment): PrefixSettings {
	const { isStored, teamPrompts, ...rest } = config;
	const folder = join(dataDir, 'prefixes');
	const credential = env.CREDENTIALS_DIRECTORY === undefined ? undefined : join(env.CREDENTIALS_DIRECTORY, KEY_CREDENTIAL);
	return {
		...rest,
		folder: isStored ? folder : undefined,
		keyFile: credential !== undefined && existsSync(credential) ? credential : join(folder, 'key'),
		teamPrompts: teamPrompts.map((prompt) => ('sha256' in prompt ? prompt.sha256 : digestOfText(prompt.text))),
		calibration: 'none',
	};
}

/** Without patches an own build gives nothing over the prebuilt one, and costs minutes of all cores. */
function wantsOwnBuild(build: Settings['local']['build']): boolean {
	return build === 'own' || (build === 'auto' && listPatches().length > 0);
}

/** A line in the log for every tenth of the way. */
function buildIn(folder: string, log: LogPort): (signal: AbortSignal) => Promise<string> {
	return async (signal) => {
		let tenths = 0;
		const onProgress = (share: number): void => {
			if (share * 10 < tenths + 1) return;
			tenths = Math.floor(share * 10);
			log.info({ percent: tenths * 10 }, 'building the engine in the background');
		};
		return obtainOwnBuild({ inputs: readBuildInputs(), folder, onProgress, signal });
	};
}
