/** Programs that tests of whole machines need, installed by their Debian package where they are missing. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runQuietly } from './cached-install.ts';

const FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', ...(process.env.PATH ?? '').split(delimiter)];

/** Full path of a program. @throws where it is not installed */
export function programPath(name: string): string {
	const folder = FOLDERS.find((one) => one !== '' && existsSync(join(one, name)));
	if (folder === undefined) throw new Error(`${name} is not installed`);
	return join(folder, name);
}

const isMissing = (name: string): boolean => !FOLDERS.some((folder) => folder !== '' && existsSync(join(folder, name)));

/**
 * @param packages program → Debian package
 * @throws with the command to run by hand where it cannot be done
 */
export async function obtainPrograms(packages: Readonly<Record<string, string>>): Promise<void> {
	const missing = () => [...new Set(Object.keys(packages).filter(isMissing))];
	const names = [...new Set(missing().map((program) => packages[program] ?? program))];
	if (names.length === 0) return;
	// Another test may hold the installer's lock.
	const options = ['-o', 'DPkg::Lock::Timeout=600'];
	const install = () =>
		runQuietly('apt-get', [...options, 'install', '--yes', '--no-install-recommends', ...names], '/', {
			DEBIAN_FRONTEND: 'noninteractive',
		});
	try {
		// A machine that was never used has no lists of packages yet.
		await install().catch(() => runQuietly('apt-get', [...options, 'update', '--quiet'], '/').then(install));
	} catch (cause) {
		throw new Error(`needed and not there: run \`apt-get install ${names.join(' ')}\` as root`, { cause });
	}
	const left = missing();
	if (left.length > 0) throw new Error(`${names.join(', ')} came without ${left.join(', ')}`);
}
