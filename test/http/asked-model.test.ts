import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LoopbackUpstream, startUpstream } from './support/loopback-upstream.ts';
import { ask, startBox, type TestBox } from './support/start-box.ts';

const WELL =
	'{"id":"m","type":"message","role":"assistant","model":"dear","content":[{"type":"text","text":"well"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';
const REFUSED = '{"type":"error","error":{"type":"invalid_request_error","message":"thinking: unknown type"}}';

let cheap: LoopbackUpstream;
let dear: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	cheap = await startUpstream((_, response) => response.writeHead(400).end(REFUSED));
	dear = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(WELL));
	const deployment = (id: string, outputUsdPerMillion: number) => ({
		id,
		provider: id,
		model: `model-${id}`,
		tier: 'frontier',
		contextTokens: 200_000,
		maxOutputTokens: 32_000,
		price: { inputUsdPerMillion: 3, outputUsdPerMillion, source: 'test', date: '2026-01-01' },
	});
	const provider = ({ baseUrl }: LoopbackUpstream) => ({
		baseUrl,
		dialects: ['anthropic'],
		keyEnv: 'TEST_ANTHROPIC_KEY',
		auth: 'x-api-key',
	});
	box = await startBox({
		config: {
			providers: { cheap: provider(cheap), dear: provider(dear) },
			deployments: [deployment('cheap', 5), deployment('dear', 50)],
		},
	});
});
beforeEach(() => {
	cheap.received.length = 0;
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await cheap[Symbol.asyncDispose]();
	await dear[Symbol.asyncDispose]();
});

/** So small a call is an inner one, which the cheapest model answers whatever was asked for. */
const small = (model: string) => box.call('/v1/messages', ask('x', { model, max_tokens: 64 }));

it('a call that another model refuses is tried at the one that it was made for', async () => {
	const reply = await small('model-dear');
	expect(cheap.received.length).toBe(1);
	expect([reply.status, reply.headers['x-innerloop-deployment'], reply.text]).toEqual([200, 'dear', WELL]);
});

it('a call that its own model refuses is refused, in the upstream’s words', async () => {
	const reply = await small('model-cheap');
	expect([reply.status, reply.headers['x-innerloop-deployment'], reply.text]).toEqual([400, 'cheap', REFUSED]);
});

it('a call for no model in particular is refused by the first', async () => {
	const reply = await small('any');
	expect([reply.status, cheap.received.length]).toEqual([400, 1]);
});
