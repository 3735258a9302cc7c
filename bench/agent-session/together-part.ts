/** Part three: developers at once at the whole service, whose router decides who is answered here and who by the cloud. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewKeyReport, StatusReport } from '../../appliance/protocol/admin.ts';
import { startUpstream } from '../../test/http/support/loopback-upstream.ts';
import { type Service, startService } from '../../test/support/start-service.ts';
import { askBox } from '../lib/ask-box.ts';
import type { Figure } from '../lib/report.ts';
import { type Setting, teamPromptOf } from './setting.ts';

export interface TogetherOptions {
	readonly developers: number;
	readonly callsEach: number;
	/** After so long the stand-in for the cloud has answered. */
	readonly cloudMs: number;
}

interface Waited {
	readonly role: string;
	readonly isLocal: boolean;
	readonly ms: number;
}

const OUTPUT_TOKENS = 24;
/** As clients mark their calls: look-ups and titles, and steps of a workflow. */
const CLASSES = ['auxiliary', 'auxiliary', 'workflow'] as const;
/** So many calls of each developer are answered here whatever they take: from them the box learns its times. */
const LEARNING_CALLS = 2;
const MOST_TIMES_CLOUD = 1.5;

const PRICE = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cacheReadUsdPerMillion: 0.3, cacheWriteUsdPerMillion: 3.75 };

export async function togetherFigures(setting: Setting, options: TogetherOptions): Promise<Figure[]> {
	const answer = JSON.stringify({
		...{ id: 'm', type: 'message', role: 'assistant', model: 'cloud', stop_reason: 'end_turn', stop_sequence: null },
		...{ content: [{ type: 'text', text: 'It is about the same.' }], usage: { input_tokens: 10, output_tokens: OUTPUT_TOKENS } },
	});
	await using cloud = await startUpstream((_, response) => {
		setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(answer), options.cloudMs);
	});
	const dataDir = join(setting.newFolder(), 'data');
	mkdirSync(dataDir, { recursive: true });
	const service = await startService({
		config: configOf(setting, cloud.baseUrl),
		env: { CLOUD_KEY: 'k' },
		dataDir,
		readyTimeoutMs: 300_000,
	});
	try {
		await service.waitForEngine();
		const developers = await Promise.all(
			Array.from(
				{ length: options.developers },
				async (_, index) => new Developer(service, await addKey(service, `dev${index}`), index, setting),
			),
		);
		const [first] = developers;
		// What the cloud takes is known from a call that went there.
		await first?.call({ 'x-innerloop-deployment': 'cloud' });
		for (let call = 0; call < LEARNING_CALLS; call += 1) for (const one of developers) await one.call({ 'x-innerloop-tier': 'local' });
		const waited = (await Promise.all(developers.map((one) => one.work(options.callsEach)))).flat();
		return figuresOf(waited, options.cloudMs, (await askBox(service, 'status')) as StatusReport);
	} finally {
		await service.stop();
	}
}

function configOf(setting: Setting, baseUrl: string): Parameters<typeof startService>[0]['config'] {
	const { modelPath, slots, threads, knownTokens } = setting;
	return {
		local: {
			...{ model: modelPath, slots, threads, build: 'prebuilt', kvCalibration: false, admission: 'off', queueLength: 64 },
			contextTokens: knownTokens + 4_096,
			prefix: { teamPrompts: [{ text: teamPromptOf(setting) }] },
		},
		providers: { cloud: { baseUrl, dialects: ['anthropic'], keyEnv: 'CLOUD_KEY', auth: 'x-api-key' } },
		deployments: [
			{
				...{ id: 'cloud', provider: 'cloud', model: 'claude-sonnet-4-6', tier: 'mid' },
				...{ contextTokens: 200_000, maxOutputTokens: 32_000, price: { ...PRICE, source: 'benchmark', date: '2026-01-01' } },
			},
		],
		roles: { inner: { tiers: ['local', 'mid'] }, mid: { tiers: ['local', 'mid'] } },
		routing: { mostTimesCloud: MOST_TIMES_CLOUD },
	};
}

class Developer {
	readonly #service: Service;
	readonly #key: string;
	readonly #seed: number;
	readonly #setting: Setting;
	#messages: readonly { readonly role: string; readonly content: string }[] = [];
	#calls = 0;

	constructor(service: Service, key: string, seed: number, setting: Setting) {
		this.#service = service;
		this.#key = key;
		this.#seed = seed;
		this.#setting = setting;
	}

	async work(calls: number): Promise<readonly Waited[]> {
		const waited: Waited[] = [];
		for (let call = 0; call < calls; call += 1) {
			waited.push(await this.call({}));
			// Somebody reads what was answered.
			await delay(500 + ((this.#seed * 137 + call * 61) % 700));
		}
		return waited;
	}

	async call(headers: Readonly<Record<string, string>>): Promise<Waited> {
		const { text, shapes } = this.#setting;
		this.#calls += 1;
		const { newTokens } = shapes[this.#calls % shapes.length] ?? { newTokens: 200 };
		const words = `Result ${this.#calls} of ${this.#seed}:\n${text.piece(newTokens, 1_000 + this.#seed * 100 + this.#calls)}\nWhat is it about?`;
		this.#messages = [...this.#messages, { role: 'user', content: words }];
		const body = { model: 'claude-sonnet-4-6', max_tokens: OUTPUT_TOKENS, system: teamPromptOf(this.#setting), messages: this.#messages };
		const startedMs = performance.now();
		const response = await fetch(`${this.#service.url}/v1/messages`, {
			method: 'POST',
			headers: {
				...{ 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': this.#key },
				'x-claude-code-session-id': `session-${this.#seed}`,
				'x-claude-code-request-class': CLASSES[this.#calls % CLASSES.length] ?? 'auxiliary',
				...headers,
			},
			body: JSON.stringify(body),
		});
		const reply = await response.text();
		if (!response.ok) throw new Error(`a call was answered ${response.status}: ${reply}`);
		const said = (JSON.parse(reply) as { readonly content: readonly { readonly text?: string }[] }).content[0]?.text ?? '';
		this.#messages = [...this.#messages, { role: 'assistant', content: said === '' ? '.' : said }];
		const isLocal = response.headers.get('x-innerloop-tier') === 'local';
		return { role: response.headers.get('x-innerloop-role') ?? '', isLocal, ms: performance.now() - startedMs };
	}
}

async function addKey(service: Service, name: string): Promise<string> {
	await askBox(service, 'members', { method: 'POST', body: JSON.stringify({ name }) });
	const made = await askBox(service, 'keys', { method: 'POST', body: JSON.stringify({ member: name, mayForce: true }) });
	return (made as NewKeyReport).secret;
}

function figuresOf(waited: readonly Waited[], cloudMs: number, { localEstimates }: StatusReport): Figure[] {
	const local = waited.filter(({ isLocal }) => isLocal);
	const roles = [...new Set(waited.map(({ role }) => role))].sort();
	const byRole = roles.flatMap((role): Figure[] => {
		const calls = waited.filter((one) => one.role === role);
		return [
			{ name: `together/${role}-wait-p50`, value: quantile(calls, 0.5), unit: 'ms' },
			{ name: `together/${role}-wait-p95`, value: quantile(calls, 0.95), unit: 'ms' },
			{ name: `together/${role}-admitted-locally`, value: share(calls), unit: '%' },
		];
	});
	return [
		...byRole,
		{ name: 'together/calls', value: waited.length, unit: 'calls' },
		{ name: 'together/admitted-locally', value: share(waited), unit: '%' },
		{
			name: 'together/local-wait-by-cloud-p50',
			value: local.length === 0 ? Number.NaN : quantile(local, 0.5) / cloudMs,
			unit: '×',
			target: { is: '<', value: MOST_TIMES_CLOUD + 0.01 },
		},
		{ name: 'estimate/calls', value: localEstimates.calls, unit: 'calls' },
		{ name: 'estimate/error-median', value: localEstimates.medianPercent ?? Number.NaN, unit: '%', target: { is: '<', value: 20.01 } },
		{ name: 'estimate/error-p90', value: localEstimates.p90Percent ?? Number.NaN, unit: '%' },
	];
}

const share = (calls: readonly Waited[]) => (100 * calls.filter(({ isLocal }) => isLocal).length) / Math.max(1, calls.length);

function quantile(calls: readonly Waited[], at: number): number {
	const sorted = calls.map(({ ms }) => ms).sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}
