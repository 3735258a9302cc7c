import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureInstalled } from '../../scripts/launch/install.mjs';

/** A project with one package for the product and one for development, both from folders beside it. */
const PROJECT = {
	name: 'scratch',
	version: '1.0.0',
	dependencies: { product: 'file:./parts/product' },
	devDependencies: { tool: 'file:./parts/tool' },
};

let root: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'innerloop-install-'));
	for (const name of ['product', 'tool']) write(`parts/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' }));
	write('package.json', JSON.stringify(PROJECT));
	write('.npmrc', 'ignore-scripts=true\naudit=false\nfund=false\n');
	execFileSync('npm', ['install', '--package-lock-only', '--offline'], { cwd: root, stdio: 'ignore' });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
	mkdirSync(join(root, name, '..'), { recursive: true });
	writeFileSync(join(root, name), text);
}

const has = (name: string): boolean => existsSync(join(root, 'node_modules', name, 'package.json'));
const installedAt = (): number => lstatSync(join(root, 'node_modules/.innerloop-install.json')).mtimeMs;

describe('packages', () => {
	test('production leaves the developers’ packages out, and a second start installs nothing', async () => {
		await ensureInstalled(root, 'production');
		expect([has('product'), has('tool')]).toEqual([true, false]);
		const before = installedAt();
		await ensureInstalled(root, 'production');
		expect(installedAt()).toBe(before);
	});

	test('the developers’ packages are added, and never taken away', async () => {
		await ensureInstalled(root, 'production');
		await ensureInstalled(root, 'all');
		expect([has('product'), has('tool')]).toEqual([true, true]);
		await ensureInstalled(root, 'production');
		expect(has('tool')).toBe(true);
		// A changed lock file does not take them away either.
		write('.npmrc', 'ignore-scripts=true\naudit=false\nfund=false\nloglevel=error\n');
		await ensureInstalled(root, 'production');
		expect(has('tool')).toBe(true);
	});

	test('the lock file is never changed', async () => {
		const before = readFileSync(join(root, 'package-lock.json'), 'utf8');
		await ensureInstalled(root, 'production');
		await ensureInstalled(root, 'all');
		expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).toBe(before);
	});

	test('an interrupted install is done again, from the start', async () => {
		await ensureInstalled(root, 'all');
		rmSync(join(root, 'node_modules/.innerloop-install.json'));
		rmSync(join(root, 'node_modules/product'));
		write('node_modules/half-written/package.json', '{}');
		await ensureInstalled(root, 'all');
		expect([has('product'), has('tool'), has('half-written')]).toEqual([true, true, false]);
	});

	test('two at once: one installs, the other waits and goes on', async () => {
		await Promise.all([ensureInstalled(root, 'all'), ensureInstalled(root, 'production')]);
		expect([has('product'), has('tool')]).toEqual([true, true]);
	});

	test('a linked tree belongs to another clone and is left alone', async () => {
		const other = join(root, 'other');
		mkdirSync(other);
		symlinkSync(other, join(root, 'node_modules'));
		await ensureInstalled(root, 'all');
		expect(lstatSync(join(root, 'node_modules')).isSymbolicLink()).toBe(true);
		expect(has('product')).toBe(false);
	});

	test('a failed install says so, and leaves no mark of success', async () => {
		write('package.json', JSON.stringify({ ...PROJECT, dependencies: { product: 'file:./parts/product', missing: '1.0.0' } }));
		await expect(ensureInstalled(root, 'production')).rejects.toThrow(/npm ci failed with exit code 1.*run the same command again/);
		expect(existsSync(join(root, 'node_modules/.innerloop-install.json'))).toBe(false);
	});
});
