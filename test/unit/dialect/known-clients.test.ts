import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seenMark } from '../../../appliance/dialect/known-clients.ts';
import type { ClientMark } from '../../../appliance/protocol/call.ts';
import { KNOWN_VERSIONS } from '../../../appliance/protocol/known-versions.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** What the tests install: by the exact version in a package file, or in a list of Python packages. */
const INSTALLED: readonly (readonly [ClientMark['name'], string, RegExp])[] = [
	['claude-code', 'test/clients/installed/claude-code/package.json', /claude-code": "([\d.]+)"/],
	['claude-code', 'test/clients/installed/claude-code-older/package.json', /claude-code": "([\d.]+)"/],
	['codex', 'test/clients/installed/codex/package.json', /codex": "([\d.]+)"/],
	['opencode', 'test/clients/installed/opencode/package.json', /opencode-linux-x64": "([\d.]+)"/],
	['aider', 'test/clients/installed/aider/requirements.txt', /^aider-chat==([\d.]+)/m],
	['anthropic-sdk', 'package.json', /@anthropic-ai\/sdk": "([\d.]+)"/],
	['openai-sdk', 'package.json', /"openai": "([\d.]+)"/],
];

describe('known versions', () => {
	it.each(INSTALLED)('of %s are those that the tests install (%s)', (name, path, pattern) => {
		const version = pattern.exec(read(path))?.[1] ?? 'none';
		expect(seenMark({ name, version }, '')).toEqual({ name, version, state: 'known' });
	});

	it('begin and end with one that the tests install', () => {
		const installed = INSTALLED.map(([name, path, pattern]) => `${name} ${pattern.exec(read(path))?.[1]}`);
		for (const [name, { from, to }] of KNOWN_VERSIONS)
			for (const version of [from, to]) expect(installed).toContain(`${name} ${version.join('.')}`);
	});
});

describe('a client', () => {
	it.each([
		[{ name: 'claude-code', version: '2.10.0' }, 'x', { name: 'claude-code', version: '2.10.0', state: 'unknown-version' }],
		[{ name: 'claude-code', version: undefined }, 'x', { name: 'claude-code', version: '', state: 'version-not-said' }],
		[{ name: 'codex', version: '0.169.0 (Ubuntu)' }, 'x', { name: 'codex', version: '0.169.0', state: 'known' }],
		[
			{ name: 'unknown', version: undefined },
			'GeminiCLI/0.61.0 (linux)',
			{ name: 'GeminiCLI', version: '0.61.0', state: 'unknown-client' },
		],
		[{ name: 'unknown', version: undefined }, '', { name: 'no-user-agent', version: '', state: 'unknown-client' }],
		[{ name: 'unknown', version: undefined }, '\n<script>', { name: 'no-user-agent', version: '', state: 'unknown-client' }],
	] as const)('%j, %j is taken at its word', (mark, userAgent, seen) => {
		expect(seenMark(mark, userAgent)).toEqual(seen);
	});
});
