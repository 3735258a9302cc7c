import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FirstTokenTimes, outputClassOf } from '../../../../appliance/router/traffic/first-token.ts';
import { Stations } from '../../../../appliance/router/traffic/stations.ts';
import { Visit } from '../../../../appliance/router/traffic/visit.ts';
import { deployment } from '../make-input.ts';

const NONE: ReadonlySet<string> = new Set();
const TOKENS = { tokens: 100, cacheReadTokens: 0 };
const plan = (id: string, part = {}) => ({ id, weight: 1, limits: undefined, ...part });

function setUp(
	keys: readonly ReturnType<typeof plan>[],
	limits?: { readonly requestsPerMinute?: number; readonly parallelCalls?: number },
) {
	const clock = { ms: 1_000 };
	const nowMs = () => clock.ms;
	const stations = new Stations(nowMs);
	const list = [deployment({ id: 'd', provider: 'p', ...(limits && { limits }) }), deployment({ id: 'e', provider: 'p' })];
	stations.configure(list, () => keys);
	const visit = (id: string, key?: string) => {
		const station = stations.of(id);
		return new Visit(
			station,
			station.keys.find(({ shared }) => shared.id === key),
			TOKENS,
			nowMs,
		);
	};
	return { clock, stations, visit, nowMs };
}

describe('a station', () => {
	it('has no keys to choose from where its provider has one without limits', () => {
		expect(setUp([plan('K1')]).stations.of('d').keys).toEqual([]);
		expect(setUp([plan('K1', { limits: { parallelCalls: 1 } })]).stations.of('d').keys.length).toBe(1);
	});

	it('rests until the first of its keys is back, when all are set aside', () => {
		const { stations, visit, clock } = setUp([plan('K1'), plan('K2')]);
		visit('d', 'K1').failed('rate-limited', 30_000, false);
		expect(stations.of('d').restsUntilMs()).toBeLessThanOrEqual(clock.ms);
		visit('d', 'K2').failed('rate-limited', 10_000, false);
		expect(stations.of('d').restsUntilMs()).toBe(11_000);
		// A rate limit is a model's: the provider's other deployment goes on with both keys.
		expect(stations.of('e').restsUntilMs()).toBe(0);
	});

	it('sets a key whose account is no good aside at all deployments', () => {
		const { stations, visit } = setUp([plan('K1'), plan('K2')]);
		visit('d', 'K1').failed('unauthorized', undefined, true);
		for (let i = 0; i < 10; i++) expect(stations.of('e').chooseKey(TOKENS, 'K1', NONE, i / 10)?.shared.id).toBe('K2');
	});

	it('rests itself where the failure is not the key’s', () => {
		const { stations, visit } = setUp([plan('K1'), plan('K2')]);
		for (let i = 0; i < 2; i++) visit('d', 'K1').failed('overloaded', undefined, false);
		expect(stations.of('d').restsUntilMs()).toBe(6_000);
	});

	it('gives the session its key before the idle one, as long as that is no key at its limit or at rest', () => {
		const { stations, visit } = setUp([plan('K1', { limits: { parallelCalls: 2 } }), plan('K2')]);
		const station = stations.of('d');
		const first = visit('d', 'K1');
		expect(station.chooseKey(TOKENS, 'K1', NONE, 0)?.shared.id).toBe('K1');
		expect(station.chooseKey(TOKENS, undefined, NONE, 0)?.shared.id).toBe('K2');
		visit('d', 'K1');
		expect(station.chooseKey(TOKENS, 'K1', NONE, 0)?.shared.id).toBe('K2');
		first.leave();
		expect(station.chooseKey(TOKENS, 'K1', new Set(['K1']), 0)?.shared.id).toBe('K2');
	});

	it('lets exactly one visit be the trial, however many come', () => {
		const { stations, visit, clock } = setUp([plan('K1')]);
		const station = stations.of('d');
		visit('d').failed('rate-limited', 5_000, false);
		clock.ms = 6_000;
		expect(station.restsUntilMs()).toBeLessThanOrEqual(clock.ms);
		const trial = visit('d');
		expect(station.restsUntilMs()).toBeGreaterThan(clock.ms);
		const bystander = visit('d');
		bystander.failed('server-error', undefined, false);
		bystander.succeeded();
		bystander.leave();
		expect(station.cooldown.phase).toBe('trial');
		trial.succeeded();
		trial.leave();
		expect(station.cooldown.phase).toBe('closed');
	});

	it('is at its limit when all keys that are awake are, and counts back to nothing', () => {
		const one = { limits: { parallelCalls: 1 } };
		fc.assert(
			fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (choices) => {
				const { stations, nowMs } = setUp([plan('K1', one), plan('K2', one), plan('K3', one)], { parallelCalls: 2 });
				const station = stations.of('d');
				const open: Visit[] = [];
				for (const choice of choices) {
					if (choice > 2) {
						open.splice(choice % Math.max(1, open.length), 1)[0]?.leave(TOKENS);
						continue;
					}
					const key = station.chooseKey(TOKENS, undefined, NONE, choice / 3);
					if (station.refusal(TOKENS) !== undefined || key === undefined) continue;
					open.push(new Visit(station, key, TOKENS, nowMs));
					expect(open.length).toBeLessThanOrEqual(2);
					expect(station.keys.every(({ shared }) => shared.runningCalls <= 1)).toBe(true);
				}
				for (const visit of open) {
					visit.leave();
					visit.leave();
				}
				expect([station.runningCalls, ...station.keys.map(({ shared }) => shared.runningCalls)]).toEqual([0, 0, 0, 0]);
			}),
		);
	});

	it('keeps what runs and rests when the configuration changes', () => {
		const { stations, visit } = setUp([plan('K1'), plan('K2')], { requestsPerMinute: 5 });
		visit('d', 'K1').failed('rate-limited', 60_000, false);
		const list = [deployment({ id: 'd', provider: 'p', limits: { requestsPerMinute: 1 } })];
		stations.configure(list, () => [plan('K1'), plan('K2'), plan('K3')]);
		const station = stations.of('d');
		expect(station.refusal(TOKENS)).toMatchObject({ limit: 'requests', most: 1 });
		expect(station.keys.map(({ cooldown }) => cooldown.phase)).toEqual(['resting', 'closed', 'closed']);
	});
});

describe('times to the first token', () => {
	it('lean to the latest, by class of output, and are forgotten', () => {
		const times = new FirstTokenTimes();
		times.note('stream', 1_000, 0);
		times.note('stream', 500, 10);
		expect(times.expectedMs('stream', 20)).toBe(900);
		expect(times.expectedMs('short', 20)).toBeUndefined();
		expect(times.expectedMs('stream', 300_011)).toBeUndefined();
	});

	it('compare whole replies by their cap', () => {
		expect(outputClassOf({ isStream: true, outputCapTokens: 9 })).toBe('stream');
		expect([512, 513, 4_097, undefined].map((outputCapTokens) => outputClassOf({ isStream: false, outputCapTokens }))).toEqual([
			'short',
			'medium',
			'long',
			'long',
		]);
	});
});
