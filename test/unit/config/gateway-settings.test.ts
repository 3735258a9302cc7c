import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatConfigError } from '../../../appliance/config/config-error.ts';
import { loadConfig } from '../../../appliance/config/load-config.ts';

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

function load(value: unknown, env: Readonly<Record<string, string>> = {}) {
	const result = loadConfig(bytes(value), env);
	if (!result.ok) throw new Error(result.errors.map(formatConfigError).join('\n'));
	return result;
}

function errorsOf(value: unknown): string {
	const result = loadConfig(bytes(value), {});
	return result.ok ? '' : result.errors.map(formatConfigError).join('\n');
}

const provider = (part: Readonly<Record<string, unknown>>) => ({ baseUrl: 'https://p.test', dialects: ['anthropic'], ...part });
const withProvider = (part: Readonly<Record<string, unknown>>, over = {}) => ({
	version: 1,
	providers: { p: provider(part) },
	deployments: [],
	...over,
});

it('takes the example of docs/gateway.md as it stands there', () => {
	const text = readFileSync(new URL('../../../docs/gateway.md', import.meta.url), 'utf8');
	const example = /```json\n([\s\S]*?)\n```/.exec(text)?.[1];
	const { settings } = load(example, { ANTHROPIC_KEY_TEAM: 'a', ANTHROPIC_KEY_SPARE: 'b', RESERVE_KEY: 'c' });
	expect(settings.deployments.map(({ id, weight, limits }) => [id, weight, limits])).toEqual([
		['sonnet', 4, { tokensPerMinute: 400_000, isCacheReadCounted: false }],
		['sonnet-reserve', 1, { parallelCalls: 8 }],
	]);
	expect(settings.providers.anthropic?.keys.map(({ id, weight, limits }) => [id, weight, limits])).toEqual([
		['ANTHROPIC_KEY_TEAM', 3, { requestsPerMinute: 1_000 }],
		['ANTHROPIC_KEY_SPARE', 1, { requestsPerMinute: 50 }],
	]);
	expect(settings.routing.balance).toEqual({ frontier: 'latency', mid: 'weight', local: 'weight' });
	expect(settings.memberLimits).toEqual({ requestsPerMinute: 120, parallelCalls: 12 });
});

describe('without a word of it', () => {
	it('nothing is limited, counted or sent through a proxy', () => {
		const { settings } = load({ version: 1 }, { ANTHROPIC_API_KEY: 'a' });
		expect(settings.deployments.length).toBeGreaterThan(0);
		expect(settings.deployments.filter(({ limits }) => limits !== undefined)).toEqual([]);
		expect(settings.providers.anthropic?.keys.map(({ limits }) => limits)).toEqual([undefined]);
		expect([settings.memberLimits, settings.egress]).toEqual([undefined, undefined]);
		expect(settings.routing.balance).toEqual({ frontier: 'cost', mid: 'cost', local: 'cost' });
	});

	it('empty limits are no limits', () => {
		const { settings } = load(
			withProvider({ keyEnv: 'K' }, { deployments: [{ id: 'd', provider: 'p', model: 'claude-opus-4-7', limits: {} }] }),
		);
		expect(settings.deployments[0]?.limits).toBeUndefined();
	});
});

describe('several keys', () => {
	it('that the environment lacks are left out, with a warning', () => {
		const { settings, warnings } = load(withProvider({ keys: [{ keyEnv: 'ONE' }, { keyEnv: 'TWO' }] }), { TWO: 'x' });
		expect(settings.providers.p?.keys.map(({ id }) => id)).toEqual(['TWO']);
		expect(settings.providers.p?.missing).toBeUndefined();
		expect(warnings).toContain('a key of provider p is left out: ONE is not set');
	});

	it('are all named where none is set', () => {
		const { settings } = load(withProvider({ keys: [{ keyEnv: 'ONE' }, { keyEnv: 'TWO' }] }));
		expect(settings.providers.p?.missing).toBe('set ONE or TWO');
	});

	it.each([
		['beside keyEnv', { keyEnv: 'ONE', keys: [{ keyEnv: 'TWO' }] }, 'either keyEnv or keys'],
		['twice the same', { keys: [{ keyEnv: 'ONE' }, { keyEnv: 'ONE' }] }, 'each key once'],
		['none', { keys: [] }, 'keys'],
		['of weight 0', { keys: [{ keyEnv: 'ONE', weight: 0 }] }, 'weight'],
	])('are refused %s', (_, part, words) => {
		expect(errorsOf(withProvider(part))).toContain(words);
	});
});

it('refuses a content fallback that is not configured, and says which are', () => {
	const deployments = [{ id: 'opus', provider: 'p', model: 'claude-opus-4-7' }];
	const errors = errorsOf(withProvider({ keyEnv: 'K' }, { deployments, routing: { contentPolicyFallbacks: ['opsu'] } }));
	expect(errors).toContain('routing.contentPolicyFallbacks[0]');
	expect(errors).toContain('opus');
});

describe('proxies of the environment', () => {
	it('are read in either case, the lower first', () => {
		const { settings } = load({ version: 1 }, { HTTPS_PROXY: 'http://a', https_proxy: 'http://b', ALL_PROXY: 'http://c', no_proxy: 'x' });
		expect(settings.egress).toEqual({ httpsProxy: 'http://b', httpProxy: 'http://c', noProxy: 'x' });
	});

	it('that are none are warned of without their text', () => {
		const { warnings } = load({ version: 1 }, { HTTPS_PROXY: 'socks5://ada:secret@host' });
		const said = warnings.filter((warning) => warning.includes('PROXY'));
		expect(said.length).toBe(1);
		expect(said[0]).not.toContain('secret');
	});
});
