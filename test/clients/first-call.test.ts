/** The first call weighs the same through the box as at the vendor: the client writes the same prompt, and the box adds no token. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClaudeCode } from '../support/claude-code.ts';
import { installClaudeCode, installCodex } from '../support/client-installs.ts';
import { configureCodex, runCodex } from '../support/codex.ts';
import { pastedEnv } from '../support/pasted.ts';
import { makeWorkPlace, wordsOf } from '../support/run-client.ts';
import { type Box, startBox, withoutSplices } from '../support/start-box.ts';
import { startNamedUpstream } from '../support/tls-name.ts';
import { startAnthropicUpstream } from '../support/upstream/anthropic.ts';
import { startOpenAiUpstream } from '../support/upstream/responses.ts';
import type { JsonObject, Script } from '../support/upstream/script.ts';
import type { Arrival, StandIn } from '../support/upstream/stand-in.ts';
import { headerOf } from '../support/wiretap.ts';

const PROMPT = 'Say hello.';
const hello: Script = () => ({ content: ['Hello.'] });
const IDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Text in which nothing is left that two sessions of one client never share: ids and the folder's name. */
function settled(value: unknown, home: string): string {
	return JSON.stringify(value).replaceAll(home, '~').replaceAll(home.replaceAll(/[/.]/g, '-'), '~').replace(IDS, 'ID');
}

/** Where two texts part, a few words of each; undefined where they never do. The whole would fill a screen with a vendor's prompt. */
function differenceOf(one: string, other: string): string | undefined {
	if (one === other) return undefined;
	const at = one.split('').findIndex((unit, index) => unit !== other[index]);
	const from = Math.max(0, (at < 0 ? one.length : at) - 20);
	return `${JSON.stringify(one.slice(from, from + 80))} against ${JSON.stringify(other.slice(from, from + 80))}`;
}

const only = (calls: readonly Arrival[]): Arrival => {
	expect(calls).toHaveLength(1);
	return calls[0] as Arrival;
};

describe('Claude Code', () => {
	const direct = makeWorkPlace();
	const boxed = makeWorkPlace();
	let vendor: StandIn;
	let box: Box;
	let bodies: readonly JsonObject[];

	beforeAll(async () => {
		const program = await installClaudeCode();
		vendor = await startAnthropicUpstream({ script: hello });
		box = await startBox({ script: hello, hasEngine: false, vendors: ['anthropic'] });
		const named = await startNamedUpstream('api.anthropic.com', vendor.url);
		direct.write('ca.pem', named.certPem);
		const directEnv = { HTTPS_PROXY: named.proxyUrl, NODE_EXTRA_CA_CERTS: `${direct.home}/ca.pem`, ANTHROPIC_API_KEY: 'sk-ant-direct' };
		const first = await runClaudeCode({ program, place: direct, prompt: PROMPT, env: directEnv });
		await named.close();
		expect(first.report?.result, wordsOf(first)).toBe('Hello.');
		const second = await runClaudeCode({
			program,
			place: boxed,
			prompt: PROMPT,
			env: pastedEnv('Claude Code', { address: box.url, key: box.service.key }),
		});
		expect(second.report?.result, wordsOf(second)).toBe('Hello.');
		bodies = [only(vendor.calls), only(box.anthropic.calls)].map(({ body }) => JSON.parse(body.toString()) as JsonObject);
	});
	afterAll(async () => {
		await box?.stop();
		await vendor?.close();
		direct.remove();
		boxed.remove();
	});

	/** What the model reads of a call: cut differently into blocks and marked differently for the cache, it is still the same text. */
	function prompt(body: JsonObject | undefined, home: string): string {
		const system = ((body?.system ?? []) as readonly { text: string }[]).map(({ text }) => text);
		const [billing = '', ...told] = system;
		expect(billing).toMatch(/^x-anthropic-billing-header:/);
		const cacheless = JSON.parse(JSON.stringify(body?.messages), (key, value) => (key === 'cache_control' ? undefined : value)) as unknown;
		return settled([told.join('\n').replace(/\n+/g, '\n'), body?.tools, cacheless], home);
	}

	test('asks its vendor by name and the box by address for the same: system, tools, messages', () => {
		const [one, other] = [prompt(bodies[0], direct.home), prompt(bodies[1], boxed.home)];
		expect(differenceOf(one, other)).toBeUndefined();
		expect(one.length).toBeGreaterThan(10_000);
	});

	test('asks for the same answer, and says the same of itself', () => {
		const rest = ({ model: _, system: __, tools: ___, messages: ____, metadata: _____, diagnostics: ______, ...fields }: JsonObject) =>
			fields;
		expect(bodies.map(rest)[1]).toEqual(bodies.map(rest)[0]);
	});

	test('the box adds and drops nothing on the way', () => {
		const exchange = box.wire.exchanges.find(({ requestHead }) => requestHead.startsWith('POST /v1/messages?'));
		expect(withoutSplices(only(box.anthropic.calls).body)).toBe(withoutSplices(exchange?.requestBody ?? Buffer.alloc(0)));
		expect(only(box.anthropic.calls).headers['anthropic-beta']).toBe(headerOf(exchange?.requestHead ?? '', 'anthropic-beta'));
	});
});

describe('Codex', () => {
	const direct = makeWorkPlace();
	const boxed = makeWorkPlace();
	let vendor: StandIn;
	let box: Box;
	let bodies: readonly JsonObject[];

	beforeAll(async () => {
		const program = await installCodex();
		vendor = await startOpenAiUpstream({ script: hello });
		box = await startBox({ script: hello, hasEngine: false, vendors: ['openai'] });
		// Its built-in provider, which tries a WebSocket first, at another address.
		direct.write('.codex/config.toml', `model = "gpt-5.5"\nopenai_base_url = "${vendor.url}/v1"\nweb_search = "disabled"\n`);
		const first = await runCodex({ program, place: direct, prompt: PROMPT }, { CODEX_API_KEY: 'sk-direct' });
		expect(first.text, wordsOf(first)).toBe('Hello.');
		const env = configureCodex(boxed, { address: box.url, key: box.service.key });
		const second = await runCodex({ program, place: boxed, prompt: PROMPT }, env);
		expect(second.text, wordsOf(second)).toBe('Hello.');
		bodies = [only(vendor.calls), only(box.openai.calls)].map(({ body }) => JSON.parse(body.toString()) as JsonObject);
	});
	afterAll(async () => {
		await box?.stop();
		await vendor?.close();
		direct.remove();
		boxed.remove();
	});

	/** Its vendor alone gets notes on where each item came from; they are no part of what the model reads. */
	function prompt({ input, tools }: JsonObject, home: string): string {
		const items = (input as readonly JsonObject[]).map(({ id: _, internal_chat_message_metadata_passthrough: __, ...item }) => item);
		return settled([items, tools], home);
	}

	test('asks its built-in provider and the box for the same: instructions, tools, messages', () => {
		const [one, other] = [prompt(bodies[0] ?? {}, direct.home), prompt(bodies[1] ?? {}, boxed.home)];
		expect(differenceOf(one, other)).toBeUndefined();
		expect(one.length).toBeGreaterThan(10_000);
	});

	test('asks for the same answer; the box adds its cap alone', () => {
		const rest = ({ input: _, tools: __, client_metadata: ___, prompt_cache_key: ____, max_output_tokens: _____, ...fields }: JsonObject) =>
			fields;
		expect(bodies.map(rest)[1]).toEqual(bodies.map(rest)[0]);
		const exchange = box.wire.exchanges.find(({ requestHead }) => requestHead.startsWith('POST /v1/responses'));
		expect(withoutSplices(only(box.openai.calls).body)).toBe(withoutSplices(exchange?.requestBody ?? Buffer.alloc(0)));
	});
});
