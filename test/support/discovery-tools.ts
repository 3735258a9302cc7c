/** Installs what looks for boxes in the tests: avahi from Debian's packages, python-zeroconf from PyPI, both into the cache. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedInstall, runQuietly } from './cached-install.ts';

const SOURCE = fileURLToPath(new URL('../discovery/installed', import.meta.url));
const FILES = ['requirements.txt', 'debian-packages.txt'];

export interface DiscoveryTools {
	/** PATH and library path that find avahi-daemon, avahi-browse, dbus-daemon and ip. */
	readonly env: Readonly<Record<string, string>>;
	/** Python with zeroconf. */
	readonly python: string;
}

/**
 * Unpacked, not installed: nothing of the machine changes, and no daemon is started by an installer.
 * @throws with the installer's words
 */
export async function installDiscoveryTools(): Promise<DiscoveryTools> {
	const folder = await cachedInstall({
		source: SOURCE,
		files: FILES,
		kind: 'discovery-tools',
		title: 'Installing avahi and python-zeroconf for the discovery tests',
		install: unpackDebianPackages,
		async finish(fresh) {
			await runQuietly('python3', ['-m', 'venv', 'python'], fresh);
			await runQuietly('python/bin/pip', ['install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'], fresh);
		},
	});
	const root = join(folder, 'root');
	const multiarch = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
	const programs = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((path) => join(root, path));
	return {
		env: {
			PATH: [...programs, '/usr/sbin', '/sbin', process.env.PATH ?? ''].join(delimiter),
			LD_LIBRARY_PATH: [join(root, 'usr/lib', multiarch), join(root, 'lib', multiarch)].join(delimiter),
		},
		python: join(folder, 'python/bin/python'),
	};
}

/** Only what is not installed comes, with all that it needs. */
async function unpackDebianPackages(folder: string): Promise<void> {
	const names = readFileSync(join(folder, 'debian-packages.txt'), 'utf8').trim().split('\n');
	const download = () =>
		runQuietly(
			'apt-get',
			[
				...['install', '--yes', '--download-only', '--no-install-recommends', '--reinstall'],
				...['-o', `Dir::Cache::Archives=${folder}`, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User='],
				...names,
			],
			folder,
		);
	// A machine that was never used has no lists of packages yet.
	await download().catch(async () => {
		await runQuietly('apt-get', ['update', '--quiet'], folder);
		await download();
	});
	for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
		await runQuietly('dpkg-deb', ['--extract', file, 'root'], folder);
	}
	if (!existsSync(join(folder, 'root/usr/sbin/avahi-daemon'))) throw new Error('apt-get fetched no avahi-daemon');
}
