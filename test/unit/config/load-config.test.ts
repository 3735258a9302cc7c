import { describe, expect, it } from 'vitest';
import { formatConfigError } from '../../../appliance/config/config-error.ts';
import { loadConfig } from '../../../appliance/config/load-config.ts';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value, null, 1));
const SECRET = 'sk-ant-api03-not-a-real-one';

function load(value: unknown, env = {}) {
	const result = loadConfig(bytes(value), env);
	if (!result.ok) throw new Error(result.errors.map(formatConfigError).join('\n'));
	return result;
}

function errorsOf(value: unknown) {
	const result = loadConfig(bytes(value), {});
	return result.ok ? [] : result.errors;
}

describe('loadConfig without a file', () => {
	it('takes the catalogue models of the providers whose key is set', () => {
		const result = loadConfig(undefined, { ANTHROPIC_API_KEY: SECRET });
		if (!result.ok) throw new Error('refused');
		const ids = result.settings.deployments.map(({ id }) => id);
		expect(ids).toContain('claude-opus-4-7');
		expect(ids).toContain('claude-haiku-5-5');
		expect(ids.some((id) => id.startsWith('gpt'))).toBe(false);
		expect(result.settings.providers.anthropic?.key?.reveal()).toBe(SECRET);
		expect(result.settings.providers.openai?.missing).toBe('set OPENAI_API_KEY');
	});

	it('serves without any key, and says which one to set', () => {
		const result = loadConfig(undefined, { ANTHROPIC_API_KEY: ' ' });
		if (!result.ok) throw new Error('refused');
		expect(result.settings.deployments).toEqual([]);
		expect(result.warnings).toContain('provider anthropic is not configured: set ANTHROPIC_API_KEY');
	});

	it('freezes what it gives, all the way down', () => {
		const { settings } = load({ version: 1 });
		expect(Object.isFrozen(settings.routing.roles.inner.tiers)).toBe(true);
	});

	it('keeps keys out of whatever is written about the settings', () => {
		const { settings } = load({ version: 1 }, { ANTHROPIC_API_KEY: SECRET });
		expect(JSON.stringify(settings)).not.toContain(SECRET);
		expect(`${settings.providers.anthropic?.key}`).toBe('[secret]');
	});
});

describe('loadConfig with a file', () => {
	const provider = { baseUrl: 'http://127.0.0.1:9/', dialects: ['anthropic'], auth: 'none' };

	it('merges the catalogue into a deployment, and lets the file win', () => {
		const { settings } = load({
			version: 1,
			providers: { box: provider },
			deployments: [
				{ id: 'a', provider: 'box', model: 'claude-haiku-4-5-20251001' },
				{ id: 'b', provider: 'box', model: 'claude-opus-4-7', tier: 'mid', contextTokens: 9000, price: null },
			],
		});
		const [a, b] = settings.deployments;
		expect(a).toMatchObject({ tier: 'mid', contextTokens: 200_000, maxOutputTokens: 64_000, aliases: ['claude-haiku-4-5'] });
		expect(a?.price).toMatchObject({
			inputPicoUsd: 1_000_000,
			cacheReadPicoUsd: 100_000,
			cacheWrite1hPicoUsd: 2_000_000,
			date: '2026-11-23',
		});
		expect(b).toMatchObject({ tier: 'mid', contextTokens: 9000, price: null });
		expect(settings.providers.box?.baseUrl).toBe('http://127.0.0.1:9');
	});

	it('turns USD into whole nano-USD and prices into whole pico-USD a token', () => {
		const price = { inputUsdPerMillion: 0.07, outputUsdPerMillion: 0.0000015, source: 'test', date: '2026-01-01' };
		const { settings } = load({
			version: 1,
			providers: { box: provider },
			deployments: [{ id: 'a', provider: 'box', model: 'm', tier: 'mid', contextTokens: 10, maxOutputTokens: 10, price }],
			budgets: { treeUsd: 0.1, teamDayUsd: 1 },
		});
		expect(settings.budgets).toMatchObject({ treeNanoUsd: 100_000_000, teamDayNanoUsd: 1_000_000_000 });
		expect(settings.deployments[0]?.price).toMatchObject({ inputPicoUsd: 70_000, cacheWritePicoUsd: 70_000, outputPicoUsd: 2 });
	});

	it('names a deployment without its key as not configured, which is no error', () => {
		const { settings, warnings } = load({
			version: 1,
			providers: { box: { ...provider, auth: 'bearer', keyEnv: 'BOX_KEY' } },
			deployments: [{ id: 'a', provider: 'box', model: 'claude-opus-4-7' }],
		});
		expect(settings.notConfigured).toEqual({ a: 'set BOX_KEY' });
		expect(warnings).toContain('provider box is not configured: set BOX_KEY');
	});

	it('warns of roles that nobody can answer, unknown prices and keys in the clear', () => {
		const { warnings } = load(
			{
				version: 1,
				local: { isEnabled: false },
				providers: { far: { ...provider, baseUrl: 'http://10.0.0.9', auth: 'bearer', keyEnv: 'FAR_KEY' } },
				deployments: [{ id: 'a', provider: 'far', model: 'claude-opus-4-7', price: null }],
				roles: { inner: { tiers: ['local'] } },
			},
			{ FAR_KEY: 'k' },
		);
		expect(warnings).toEqual([
			'no deployment can answer inner calls: none of the tiers local has one that is configured',
			'the price of deployment a is unknown: it is never used on a key with a ceiling',
			'the key of provider far travels unencrypted: its baseUrl is http',
		]);
	});
});

describe('errors', () => {
	it('come all at once, in the order of the file, schema and references together', () => {
		const errors = errorsOf({
			version: 1,
			server: { prot: 80, port: 'http' },
			providers: { box: { baseUrl: 'http://169.254.169.254', dialects: ['antropic'], auth: 'none' } },
			deployments: [
				{ id: 'a', provider: 'bxo', model: 'unheard-of' },
				{ id: 'a', provider: 'box', model: 'claude-opus-4-7' },
			],
			aliases: { fast: { deployment: 'b' }, slow: {} },
		});
		expect(errors.map(({ path }) => path)).toEqual([
			'server.prot',
			'server.port',
			'providers.box.baseUrl',
			'providers.box.dialects[0]',
			'deployments[0].tier',
			'deployments[0].contextTokens',
			'deployments[0].maxOutputTokens',
			'deployments[0].provider',
			'deployments[1].id',
			'aliases.fast.deployment',
			'aliases.slow',
		]);
		expect(errors.find(({ path }) => path === 'server.prot')).toMatchObject({
			nearest: 'port',
			found: 'an unknown key',
			line: 4,
			column: 11,
		});
		expect(errors.find(({ path }) => path === 'providers.box.dialects[0]')).toMatchObject({ found: '"antropic"', nearest: 'anthropic' });
		expect(errors.find(({ path }) => path === 'deployments[0].provider')).toMatchObject({ nearest: 'box' });
		expect(errors.every(({ line }) => line !== undefined)).toBe(true);
	});

	it.each([
		['{"version":1,', 'the end of the file', 1, 14],
		['{\n "version": 1,\n}', 'something that is not JSON', 3, 1],
		['{"version":1 // one\n}', 'something that is not JSON', 1, 14],
		['', 'the end of the file', 1, 1],
	])('point at the place of a syntax error: %j', (text, found, line, column) => {
		expect(errorsOf(text)).toEqual([expect.objectContaining({ path: '', found, line, column })]);
	});

	it('flag a key that stands twice, where JSON would take the last', () => {
		expect(errorsOf('{"version":1,\n"log":{"level":"info","le\\u0076el":"warn"}}')).toEqual([
			expect.objectContaining({ path: 'log.level', found: 'a key that stands here a second time', line: 2, column: 23 }),
		]);
	});

	it('refuse a file that is not text, not an object, or of another version', () => {
		const result = loadConfig(new Uint8Array([0x7b, 0xff]), {});
		expect(result.ok ? [] : result.errors[0]?.found).toBe('bytes that are not UTF-8');
		expect(errorsOf([])[0]).toMatchObject({ path: '', found: 'a list of 0' });
		expect(errorsOf({ version: 2 })[0]).toMatchObject({ path: 'version', expected: '1', found: '2' });
	});

	it.each([
		'http://169.254.169.254/latest',
		'http://0xA9FEA9FE/',
		'http://[fe80::1]/',
		'http://[::ffff:169.254.169.254]/',
		'http://metadata.google.internal',
		'http://100.100.100.200',
		'https://user:pass@api.example.com',
		'https://api.example.com/v1',
		'https://api.example.com/?key=1',
		'ftp://api.example.com',
	])('refuse the address %s', (baseUrl) => {
		const errors = errorsOf({ version: 1, providers: { p: { baseUrl, dialects: ['anthropic'], auth: 'none' } } });
		expect(errors).toEqual([expect.objectContaining({ path: 'providers.p.baseUrl' })]);
		expect(JSON.stringify(errors)).not.toContain('user:pass');
	});

	it.each(['http://127.0.0.1:8080', 'http://[::1]:8080/', 'http://192.168.1.7', 'https://api.anthropic.com', 'https://a.b/compat'])(
		'take the address %s',
		(baseUrl) => {
			expect(errorsOf({ version: 1, providers: { p: { baseUrl, dialects: ['anthropic'], auth: 'none' } } })).toEqual([]);
		},
	);

	it('never repeat a secret, wherever it was pasted', () => {
		const errors = errorsOf({
			version: 1,
			providers: { p: { baseUrl: SECRET, dialects: [SECRET], keyEnv: SECRET, auth: SECRET, key: SECRET } },
			log: { level: SECRET },
			server: SECRET,
		});
		expect(errors.length).toBeGreaterThanOrEqual(7);
		expect(errors.map(formatConfigError).join('\n')).not.toContain(SECRET);
	});

	it('keep the name local for the box', () => {
		const errors = errorsOf({
			version: 1,
			providers: { local: { baseUrl: 'http://[::1]', dialects: ['anthropic'] } },
			deployments: [{ id: 'local', provider: 'local', model: 'claude-opus-4-7' }],
		});
		expect(errors.map(({ path }) => path)).toEqual(['providers.local', 'providers.local.keyEnv', 'deployments[0].id']);
	});
});
