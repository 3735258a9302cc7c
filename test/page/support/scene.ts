/** A box with a past: a team that spent for weeks, calls of every kind, vendors' stand-ins, and its own small model. */

import type { LocalConfig } from '../../../appliance/config/schema.ts';
import type { NewKeyReport } from '../../../appliance/protocol/admin.ts';
import type { MachineReaders } from '../../../appliance/system/machine-sampler.ts';
import { createBrowser } from '../../http/support/browser.ts';
import { type LoopbackUpstream, startUpstream } from '../../http/support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from '../../http/support/start-box.ts';

export const CLAIM_CODE = 'ABCD-2345';
/** One that the vendor's stand-in takes; nothing that the box writes or answers may hold it. */
export const PROVIDER_KEY = 'sk-ant-typed-in-Vq81nX-of-the-box';
/** A box that has none of its providers' keys yet. */
export const NO_KEYS = { TEST_ANTHROPIC_KEY: '', TEST_OPENAI_KEY: '' } as const;
export const OWNER = { name: 'ada', password: 'a lighthouse in the fog' } as const;

const DAY_MS = 86_400_000;
const PAST_DAYS = 24;

const price = (input: number, output: number) => ({
	inputUsdPerMillion: input,
	outputUsdPerMillion: output,
	cacheReadUsdPerMillion: input / 10,
	cacheWriteUsdPerMillion: input * 1.25,
	source: 'test',
	date: '2026-01-01',
});
const window = { contextTokens: 200_000, maxOutputTokens: 32_000, modalities: ['text', 'image', 'document'] };

const DEPLOYMENTS = [
	{ id: 'opus', provider: 'anthropic', model: 'claude-opus-4-8', tier: 'frontier', price: price(5, 25), ...window },
	{ id: 'gpt', provider: 'openai', model: 'gpt-5.5', tier: 'frontier', order: 1, price: price(5, 30), ...window },
	{
		id: 'sonnet',
		provider: 'anthropic',
		model: 'claude-sonnet-4-6',
		tier: 'mid',
		price: price(3, 15),
		limits: { requestsPerMinute: 4_000 },
		...window,
	},
	{ id: 'haiku', provider: 'anthropic', model: 'claude-haiku-4-5', tier: 'mid', price: price(1, 5), ...window },
];

export interface Scene extends AsyncDisposable {
	readonly box: TestBox;
	readonly vendor: LoopbackUpstream;
	/** A member's key, by name. */
	readonly keys: ReadonlyMap<string, string>;
}

export interface SceneOptions {
	readonly isClaimed: boolean;
	/** GGUF file of the box's own model; absent: the box has none. */
	readonly model?: string;
	readonly machine?: MachineReaders;
	readonly local?: Partial<LocalConfig>;
	/** Beside the test's usual environment; an empty value takes a key away. */
	readonly env?: Readonly<Record<string, string>>;
	/** Folder that releases of the box come from. */
	readonly updateSource?: string;
}

export async function startScene(options: SceneOptions): Promise<Scene> {
	const vendor = await startUpstream(answerAsVendor);
	const clock = { shiftMs: -PAST_DAYS * DAY_MS };
	const box = await startBox({
		anthropic: vendor.baseUrl,
		openai: vendor.baseUrl,
		...(options.model === undefined ? {} : { model: options.model }),
		...(options.machine === undefined ? {} : { machine: options.machine }),
		...(options.env === undefined ? {} : { env: options.env }),
		clock: { nowMs: () => performance.now(), wallMs: () => Date.now() + clock.shiftMs },
		config: {
			access: { claimCode: CLAIM_CODE },
			budgets: { teamDayUsd: 20, teamMonthUsd: 250, memberMonthUsd: 120, treeUsd: 5, trustClock: true },
			deployments: DEPLOYMENTS,
			...(options.updateSource === undefined ? {} : { update: { source: options.updateSource } }),
			...(options.local === undefined ? {} : { local: options.local }),
		},
	});
	const keys = new Map<string, string>();
	if (options.isClaimed) await livePast(box, keys, clock);
	clock.shiftMs = 0;
	return {
		box,
		vendor,
		keys,
		async [Symbol.asyncDispose]() {
			await box[Symbol.asyncDispose]();
			await vendor[Symbol.asyncDispose]();
		},
	};
}

async function livePast(box: TestBox, keys: Map<string, string>, clock: { shiftMs: number }): Promise<void> {
	const browser = createBrowser(box.url);
	await browser.post('/claim', { code: CLAIM_CODE, ...OWNER });
	for (const [name, dayUsd] of [
		['grace', 12],
		['edsger', undefined],
		['barbara', 6],
	] as const) {
		await box.admin('POST', '/members', { name, ...(dayUsd === undefined ? {} : { dayUsd }) });
		const { json } = await box.admin('POST', '/keys', { member: name, mayForce: true });
		keys.set(name, (json as NewKeyReport).secret);
	}
	for (let day = PAST_DAYS; day >= 0; day -= 1) {
		clock.shiftMs = -day * DAY_MS;
		await workOneDay(box, keys, day);
	}
}

/** Every day is another one, and the same at each run. */
async function workOneDay(box: TestBox, keys: ReadonlyMap<string, string>, day: number): Promise<void> {
	const names = [...keys.keys()];
	const calls = 1 + ((day * 7) % 4);
	for (let n = 0; n < calls; n += 1) {
		const name = names[(day + n) % names.length] ?? '';
		const headers = { 'x-api-key': keys.get(name) ?? '', 'x-innerloop-role': (['outer', 'mid', 'inner'] as const)[n % 3] ?? 'outer' };
		const words = 40 + ((day * 31 + n * 17) % 60);
		await box.call('/v1/messages', ask(`Look at day ${day}. ${'word '.repeat(words * 20)}`, { max_tokens: 2_000 }), { headers });
	}
}

/** Says about as much as it was sent, and fails where it is asked to. */
function answerAsVendor(
	received: { readonly url: string; readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer },
	response: import('node:http').ServerResponse,
): void {
	const json = (status: number, body: unknown) =>
		response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
	const key = String(received.headers['x-api-key'] ?? received.headers.authorization ?? '');
	if (!key.includes('of-the-box'))
		return void json(401, { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } });
	const inputTokens = Math.round(received.body.length * 18);
	if (received.url.endsWith('/count_tokens')) return void json(200, { input_tokens: inputTokens });
	const { model = '', messages } = JSON.parse(received.body.toString('utf8')) as { readonly model?: string; readonly messages?: unknown };
	if (messages === undefined) return void json(400, { error: { message: 'messages is missing', type: 'invalid_request_error' } });
	if (received.body.includes('please fail'))
		return void json(400, { type: 'error', error: { type: 'invalid_request_error', message: 'as you asked' } });
	const usage = { input_tokens: Math.round(inputTokens * 0.2), cache_read_input_tokens: Math.round(inputTokens * 0.8), output_tokens: 900 };
	const content = [{ type: 'text', text: 'A call tree is one prompt and every call that follows from it.' }];
	json(200, { id: 'msg_1', type: 'message', role: 'assistant', model, content, stop_reason: 'end_turn', stop_sequence: null, usage });
}
