/** Makes the page from its sources: bundled, minified, named by content and compressed once, in memory. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build, stop } from 'esbuild';

export interface Asset {
	readonly type: string;
	readonly etag: string;
	/** Its name holds a hash of its content: a browser never has to ask again. */
	readonly isImmutable: boolean;
	readonly plain: Buffer;
	readonly br: Buffer;
	readonly gzip: Buffer;
}

/** By path below /admin/; the page itself is the empty one. */
export type PageAssets = ReadonlyMap<string, Asset>;

const SOURCES = fileURLToPath(new URL('./page/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
	js: 'text/javascript; charset=utf-8',
	css: 'text/css; charset=utf-8',
	svg: 'image/svg+xml',
	html: 'text/html; charset=utf-8',
};

/** Some hundred milliseconds; rejects with esbuild's own words where a source is faulty. */
export async function bundlePage(): Promise<PageAssets> {
	const { outputFiles } = await build({
		entryPoints: [`${SOURCES}main.tsx`],
		outdir: '/assets',
		entryNames: '[name]-[hash]',
		bundle: true,
		minify: true,
		write: false,
		format: 'esm',
		target: ['es2022'],
		charset: 'utf8',
		jsx: 'automatic',
		jsxImportSource: 'preact',
		legalComments: 'none',
		logLevel: 'silent',
	});
	// esbuild keeps a process of its own, which nothing else needs.
	await stop();
	const made = outputFiles.map(({ path, contents }) => ({ name: path.slice(1), content: Buffer.from(contents) }));
	const icon = await readFile(`${SOURCES}icon.svg`);
	const html = fill(
		await readFile(`${SOURCES}index.html`, 'utf8'),
		made.map(({ name }) => name),
	);
	const files = [...made, { name: 'assets/icon.svg', content: icon }, { name: '', content: Buffer.from(html) }];
	return new Map(await Promise.all(files.map(async ({ name, content }) => [name, await assetOf(name, content)] as const)));
}

/** Puts the names of script and style sheet where the page names their sources. */
function fill(html: string, names: readonly string[]): string {
	const nameOf = (ending: string) => {
		const name = names.find((one) => one.endsWith(ending));
		if (name === undefined) throw new Error(`the page has no ${ending}`);
		return name;
	};
	return html.replace('main.css', nameOf('.css')).replace('main.tsx', nameOf('.js')).replaceAll(/\n\t*/g, '');
}

const compress = { br: promisify(brotliCompress), gzip: promisify(gzip) };
const BEST = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

async function assetOf(name: string, plain: Buffer): Promise<Asset> {
	const [br, zipped] = await Promise.all([compress.br(plain, BEST), compress.gzip(plain, { level: 9 })]);
	const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
	const type = TYPES[name === '' ? 'html' : (name.split('.').at(-1) ?? '')] ?? 'application/octet-stream';
	return { type, etag, isImmutable: /-[A-Z0-9]{8}\.\w+$/.test(name), plain, br, gzip: zipped };
}
