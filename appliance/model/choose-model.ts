/** Which model file the box answers with: the configured one, else Gemma 4 E2B where it lies, else the embedded small one. */

import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { CATALOGUE, type CatalogueModel, EMBEDDED_MODEL, findInCatalogue } from './catalogue.ts';

export interface ModelChoice {
	/** Name of the catalogue, or the path as it was given. */
	readonly name: string;
	readonly file: string;
	readonly isPresent: boolean;
	/** Undefined for a file by path. */
	readonly entry: CatalogueModel | undefined;
}

/**
 * @param wanted `local.model` of the configuration
 * @returns the choice, whether its file is there or not
 */
export function chooseModel(wanted: string | undefined, modelsDir: string): ModelChoice {
	if (wanted !== undefined) {
		const entry = findInCatalogue(wanted);
		if (entry !== undefined) return choiceOf(entry, modelsDir);
		const file = fileByName(wanted, modelsDir);
		return { name: wanted, file, isPresent: existsSync(file), entry: undefined };
	}
	const choices = CATALOGUE.map((entry) => choiceOf(entry, modelsDir));
	const embedded = choices.find((choice) => choice.name === EMBEDDED_MODEL);
	const best = choices.find((choice) => choice.isPresent) ?? embedded;
	if (best === undefined) throw new Error(`The model catalogue lacks its own default, ${EMBEDDED_MODEL}.`);
	return best;
}

function choiceOf(entry: CatalogueModel, modelsDir: string): ModelChoice {
	const file = join(modelsDir, entry.file);
	return { name: entry.name, file, isPresent: existsSync(file), entry };
}

/** A bare file name may also lie in the models folder. */
function fileByName(name: string, modelsDir: string): string {
	const path = resolve(name);
	if (isAbsolute(name) || existsSync(path)) return path;
	return name.includes('/') ? path : join(modelsDir, name);
}
