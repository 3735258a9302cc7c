/** A box at work on a recorded disk: first start, calls to the cloud and to its own model, a restart, and what its vendor billed when. */

import { setTimeout as delay } from 'node:timers/promises';
import { type ConfigInput, type Service, startService } from '../../test/support/start-service.ts';
import { startAnthropicUpstream } from '../../test/support/upstream/anthropic.ts';
import type { RecordedDisk } from './recorded-disk.ts';

/** Reaches no ceiling within one recording, and is one that could be reached. */
const TREE_USD = 1;
const DAY_USD = 50;
const ENV = { STAND_IN_KEY: 'sk-of-the-box' };
const SAMPLE_MS = 2;
const PRICE = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, source: 'test', date: '2026-01-01' };
const SYSTEM = 'The team reviews small changes together. Answer shortly. '.repeat(12);

export interface Moment {
	/** Length of the log of writes, read after the bill. */
	readonly loggedBytes: number;
	readonly billedNanoUsd: number;
}

export interface Work {
	readonly config: Omit<ConfigInput, 'version'>;
	readonly env: Readonly<Record<string, string>>;
	/** The first key, shown when the log had `keyShownAt` bytes. */
	readonly key: string;
	readonly keyShownAt: number;
	readonly moments: readonly Moment[];
	readonly ceilingNanoUsd: number;
	/** What the local model says to `localAsk`. */
	readonly localText: string;
	readonly cloudCalls: number;
	readonly localCalls: number;
}

export interface WorkOptions {
	readonly disk: RecordedDisk;
	/** GGUF file of the local model. */
	readonly model: string;
	/** Of each of two runs of the service. */
	readonly seconds: number;
	readonly lanes: number;
}

/** A call to the local model, alike whenever it is asked: its prefix lies on the disk after the first. */
export const localAsk = (model = 'local') => ({
	model,
	max_tokens: 6,
	temperature: 0,
	system: SYSTEM,
	messages: [{ role: 'user', content: 'Say what is next.' }],
});

const configFor = (url: string, model: string): Omit<ConfigInput, 'version'> => ({
	local: { model, threads: 1, slots: 1, contextTokens: 2_048, build: 'prebuilt', kvCalibration: false, prefix: { restMs: 0 } },
	providers: { anthropic: { baseUrl: url, dialects: ['anthropic'], keyEnv: 'STAND_IN_KEY', auth: 'x-api-key' } },
	deployments: [
		{
			id: 'frontier',
			provider: 'anthropic',
			model: 'claude-opus-4-8',
			tier: 'frontier',
			price: PRICE,
			contextTokens: 200_000,
			maxOutputTokens: 32_000,
		},
	],
	discovery: { isEnabled: false },
	roles: { inner: { deadlineMs: 900_000 } },
	budgets: { treeUsd: TREE_USD, teamDayUsd: DAY_USD, teamMonthUsd: 10 * DAY_USD },
});

export async function recordWork({ disk, model, seconds, lanes }: WorkOptions): Promise<Work> {
	const vendor = await startAnthropicUpstream({ script: () => ({ content: ['word '.repeat(40)], betweenEventsMs: 2, firstByteMs: 2 }) });
	const config = configFor(vendor.url, model);
	const moments: Moment[] = [];
	const sampler = setInterval(() => {
		// The bill first: what it says was owed when the log was at most as long as it is read now.
		const billedNanoUsd = vendor.bill.totalNanoUsd();
		moments.push({ billedNanoUsd, loggedBytes: disk.loggedBytes() });
	}, SAMPLE_MS);
	try {
		const first = await startService({ config, env: ENV, dataDir: disk.folder, readyTimeoutMs: 300_000 });
		const keyShownAt = disk.loggedBytes();
		const { key } = first;
		const localText = await callBox(first, key, localAsk());
		let localCalls = await workOn(first, { key, seconds, lanes, localText });
		await first.stop();
		const second = await startService({ config, env: ENV, dataDir: disk.folder, key, readyTimeoutMs: 300_000 });
		localCalls += await workOn(second, { key, seconds, lanes, localText });
		await second.stop();
		const ceilingNanoUsd = DAY_USD * 1e9;
		return { config, env: ENV, key, keyShownAt, moments, ceilingNanoUsd, localText, cloudCalls: vendor.calls.length, localCalls };
	} finally {
		clearInterval(sampler);
		await vendor.close();
	}
}

interface Stretch {
	readonly key: string;
	readonly seconds: number;
	readonly lanes: number;
	readonly localText: string;
}

/** @returns how many calls the local model answered */
async function workOn(service: Service, { key, seconds, lanes, localText }: Stretch): Promise<number> {
	const endMs = performance.now() + seconds * 1_000;
	const isOver = () => performance.now() > endMs;
	let localCalls = 0;
	const cloud = Array.from({ length: lanes }, async (_, lane) => {
		for (let number = 0; !isOver(); number += 1)
			await callBox(service, key, {
				model: 'frontier',
				max_tokens: 200,
				stream: number % 3 !== 0,
				messages: [{ role: 'user', content: `Lane ${lane} asks ${number} at ${Math.round(performance.now())}.` }],
			});
	});
	const local = (async () => {
		while (!isOver()) {
			const again = await callBox(service, key, localAsk());
			if (again !== localText) throw new Error(`The local model said ${JSON.stringify(again)} after ${JSON.stringify(localText)}.`);
			await callBox(service, key, { ...localAsk(), messages: [{ role: 'user', content: `And ${localCalls}? ${SYSTEM}` }] });
			localCalls += 2;
			await delay(20);
		}
	})();
	await Promise.all([...cloud, local]);
	return localCalls;
}

/** @returns the text of a whole answer, or the events of a streamed one. @throws on a refusal */
export async function callBox(service: Pick<Service, 'url'>, key: string, body: object): Promise<string> {
	const reply = await fetch(`${service.url}/v1/messages`, {
		method: 'POST',
		headers: { 'x-api-key': key, 'content-type': 'application/json' },
		body: JSON.stringify(body),
	});
	const text = await reply.text();
	if (!reply.ok) throw new Error(`The box answered ${reply.status}: ${text}`);
	if (!text.startsWith('{')) return text;
	const { content } = JSON.parse(text) as { readonly content: readonly { readonly text?: string }[] };
	return content.map((block) => block.text ?? '').join('');
}
