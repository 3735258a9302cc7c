/** `innerloop model list | get | verify | use`: the model files that the box can answer with. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearest } from '../config/nearest.ts';
import { modelsDir } from '../config/places.ts';
import { CATALOGUE, type CatalogueModel, findInCatalogue } from '../model/catalogue.ts';
import { chooseModel } from '../model/choose-model.ts';
import type { Downloaded } from '../model/download.ts';
import { byHand, type Provided, provideCatalogueModel, provideFromUrl } from '../model/provide-model.ts';
import { verifyFile } from '../model/verify-file.ts';
import { Problem } from '../protocol/problem.ts';
import { type Command, defineCommand, EXIT, UsageError } from './command.ts';
import { CONFIG_OPTION, configFileOf, DATA_OPTION, dataDirOf } from './places.ts';
import { megabytes, progressLines } from './progress-lines.ts';
import { findService } from './service-connection.ts';
import { setLocalModel } from './set-config-value.ts';
import { table } from './terminal.ts';

const SHA256_OPTION = { sha256: { type: 'string', value: 'HEX', help: 'Hash that the file must have.' } } as const;

const list = defineCommand({
	name: 'model list',
	summary: 'List the models that the box knows by name, and which of them are here.',
	options: {},
	details: 'Any other GGUF file works too, by its address (model get URL) or its path (model use PATH).',
	async run({ values }, context) {
		const dir = modelsDir(context.env, context.home);
		const chosen = chooseModel(undefined, dir);
		const models = CATALOGUE.map((entry) => {
			const { file, isPresent } = chooseModel(entry.name, dir);
			return { ...entry, file, isPresent, isDefault: entry.name === chosen.name };
		});
		if (values.json) {
			context.terminal.json({ models });
			return EXIT.ok;
		}
		const rows = models.map(({ name, isPresent, isDefault, sizeBytes, title }) => [
			name,
			isPresent ? 'here' : 'not here',
			isDefault ? 'yes' : '',
			sizeBytes === null ? '?' : `${megabytes(sizeBytes)} MB`,
			title,
		]);
		context.terminal.print(`${table(['NAME', 'FILE', 'DEFAULT', 'SIZE', 'MODEL'], rows)}\n\nFiles are in ${dir}`);
		return EXIT.ok;
	},
});

const get = defineCommand({
	name: 'model get',
	summary: 'Fetch a model file by its name or address; goes on where an earlier try was cut.',
	positionals: ['NAME|URL'],
	options: SHA256_OPTION,
	details: 'For a hub that wants a sign-in, set HF_TOKEN.',
	async run({ values, positionals: [wanted = ''] }, context) {
		const { terminal } = context;
		const sha256 = parseHash(values.sha256);
		const dir = modelsDir(context.env, context.home);
		const lines = progressLines(terminal);
		const options = { ...lines, signal: context.interruption(), hubToken: context.env.HF_TOKEN };
		let provided: Provided;
		try {
			provided = /^https?:/.test(wanted)
				? await provideFromUrl(wanted, sha256, dir, options)
				: await provideCatalogueModel({ ...entryOf(wanted), ...(sha256 !== undefined && { sha256 }) }, dir, options);
		} finally {
			lines.finish();
		}
		if (values.json) terminal.json({ file: provided.file, isNew: provided.isNew, ...provided.result });
		else terminal.print(describeProvided(provided));
		return EXIT.ok;
	},
});

const verify = defineCommand({
	name: 'model verify',
	summary: 'Check a model file: size, format and sha256.',
	positionals: ['NAME|PATH'],
	options: SHA256_OPTION,
	async run({ values, positionals: [wanted = ''] }, context) {
		const { terminal } = context;
		const { file, entry } = chooseModel(wanted, modelsDir(context.env, context.home));
		const expected = parseHash(values.sha256) ?? entry?.sha256 ?? undefined;
		if (!existsSync(file)) throw missing(wanted, file, entry);
		const lines = progressLines(terminal);
		let sha256: string;
		try {
			sha256 = await verifyFile(file, { sizeBytes: entry?.sizeBytes ?? undefined, sha256: expected }, lines.onProgress);
		} finally {
			lines.finish();
		}
		if (values.json) terminal.json({ file, sha256, isCompared: expected !== undefined });
		else terminal.print(`${file}\nsha256 ${sha256}\n${expected === undefined ? UNKNOWN_HASH : 'This is the hash that was expected.'}`);
		return EXIT.ok;
	},
});

const use = defineCommand({
	name: 'model use',
	summary: 'Set the model that the box answers with, in its configuration file.',
	positionals: ['NAME|PATH'],
	options: { ...CONFIG_OPTION, ...DATA_OPTION },
	async run({ values, positionals: [wanted = ''] }, context) {
		const { terminal } = context;
		const { file, entry } = chooseModel(wanted, modelsDir(context.env, context.home));
		if (!existsSync(file)) throw missing(wanted, file, entry);
		const configFile = configFileOf(values, context);
		const model = entry?.name ?? resolve(file);
		await setLocalModel(configFile, model, context.env);
		const isRunning = findService(dataDirOf(values, context)) !== undefined;
		if (values.json) terminal.json({ configFile, model, file, needsRestart: isRunning });
		else
			terminal.print(
				`${configFile} now says local.model ${JSON.stringify(model)}.${isRunning ? ' The running service takes it at its next start.' : ''}`,
			);
		return EXIT.ok;
	},
});

export const modelCommands: readonly Command[] = [list, get, verify, use];

const UNKNOWN_HASH = 'No hash is known for this file, so nothing was compared: hold it against what its publisher states (--sha256 HEX).';

function parseHash(text: string | undefined): string | undefined {
	if (text !== undefined && !/^[0-9a-f]{64}$/i.test(text)) throw new UsageError('--sha256 takes 64 hexadecimal digits.');
	return text?.toLowerCase();
}

function entryOf(name: string): CatalogueModel {
	const entry = findInCatalogue(name);
	if (entry !== undefined) return entry;
	const near = nearest(
		name,
		CATALOGUE.map((model) => model.name),
	);
	throw new UsageError(
		`There is no model ${JSON.stringify(name)}.${near === undefined ? '' : ` Did you mean ${near}?`} See: innerloop model list`,
	);
}

function missing(wanted: string, file: string, entry: CatalogueModel | undefined): Problem {
	const help =
		entry === undefined ? 'Known names: innerloop model list' : `Fetch it: innerloop model get ${wanted}\n${byHand(entry, file)}`;
	return new Problem('not-found', `There is no file ${file}. ${help}`);
}

const VERIFIED: Readonly<Record<Downloaded['verifiedBy'], string>> = {
	expected: 'It has the sha256 that was expected.',
	hub: 'It has the sha256 that the hub states for it; nothing else vouches for it.',
	nobody: UNKNOWN_HASH,
};

function describeProvided({ file, isNew, result }: Provided): string {
	if (!isNew || result === undefined) return `${file} is here already. To check it: innerloop model verify`;
	return `${file}\nsha256 ${result.sha256}\n${VERIFIED[result.verifiedBy]}`;
}
