/** What pi-gen would skip or stumble over without a word: mode bits, syntax, files and units that are not there. */

import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PI_GEN = join(ROOT, 'image/pi-gen');
const UNITS = join(ROOT, 'systemd');

const files = readdirSync(PI_GEN, { recursive: true, withFileTypes: true })
	.filter((entry) => entry.isFile())
	.map((entry) => join(entry.parentPath, entry.name));
const runs = files.filter((file) => /\/(prerun|\d\d-run)\.sh$/.test(file));
const scripts = files.filter((file) => readFileSync(file, 'utf8').startsWith('#!') || /run-chroot\.sh$/.test(file));
const units = readdirSync(UNITS).filter((name) => /\.(service|path|timer)$/.test(name));
const text = (file: string) => readFileSync(file, 'utf8');

describe('the stage', () => {
	it('has the parts that this test is about', () => {
		expect(runs.length).toBeGreaterThan(6);
		expect(scripts.length).toBeGreaterThan(12);
		expect(units.length).toBeGreaterThan(7);
	});

	it.each(runs.map((file) => [file.slice(ROOT.length)]))('%s is executable, or pi-gen would skip it', (file) => {
		expect(() => accessSync(join(ROOT, file), constants.X_OK)).not.toThrow();
	});

	it.each(scripts.map((file) => [file.slice(ROOT.length)]))('%s can be parsed', (file) => {
		const shell = text(join(ROOT, file)).startsWith('#!/bin/sh') ? 'sh' : 'bash';
		expect(() => execFileSync(shell, ['-n', join(ROOT, file)], { stdio: 'pipe' })).not.toThrow();
	});

	it('holds nothing in its sub-stages that pi-gen does not run', () => {
		const known = /^(\d\d-(debconf|packages|packages-nr|run\.sh|run-chroot\.sh)|prerun\.sh)$/;
		const strange = files.filter((file) => /\/stage-/.test(file) && basename(dirname(file)) !== 'files' && !known.test(basename(file)));
		expect(strange).toEqual([]);
	});

	it('names no file of its own that is not there', () => {
		for (const file of runs) {
			for (const [name] of text(file).matchAll(/(?<![\w/.-])files\/[\w.-]+/g))
				expect(existsSync(join(dirname(file), name)), `${file}: ${name}`).toBe(true);
		}
	});

	it('enables no unit of ours that is not there', () => {
		const enabled = scripts.flatMap((file) => [...text(file).matchAll(/innerloop[\w-]*\.(service|path|timer)/g)].map(([name]) => name));
		expect(enabled.length).toBeGreaterThan(5);
		expect(enabled.filter((name) => !units.includes(name))).toEqual([]);
	});
});

describe('the units', () => {
	it.each(units.map((unit) => [unit]))('%s starts programs that the image has', (unit) => {
		const programs = [...text(join(UNITS, unit)).matchAll(/^Exec\w+=[+-]?(\/\S+)/gm)].map(([, program]) => program ?? '');
		const system = readdirSync(join(PI_GEN, 'stage-innerloop/03-system/files'));
		for (const program of programs) {
			if (program.startsWith('/opt/innerloop/system/')) expect(system).toContain(basename(program));
			else expect(program).toBe('/opt/innerloop/current/bin/innerloop');
		}
		const wakes = [...text(join(UNITS, unit)).matchAll(/^(?:Unit|After|Before|Wants)=(.*)$/gm)].flatMap(([, names]) =>
			(names ?? '').split(' '),
		);
		for (const name of wakes.filter((word) => word.startsWith('innerloop'))) expect(units).toContain(name);
	});
});
