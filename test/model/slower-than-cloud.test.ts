import { homedir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkService } from '../../appliance/cli/doctor-box.ts';
import { modelsDir } from '../../appliance/config/places.ts';
import { chooseModel } from '../../appliance/model/choose-model.ts';
import type { StatusReport } from '../../appliance/protocol/admin.ts';
import type { CallRecord } from '../../appliance/protocol/ports.ts';
import { type LoopbackUpstream, startUpstream } from '../http/support/loopback-upstream.ts';
import { ask, startBox, type TestBox, testConfig } from '../http/support/start-box.ts';
import { until } from '../support/local-engine.ts';

const CLOUD =
	'{"id":"m","type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"from the cloud"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5}}';
const INNER = { headers: { 'x-claude-code-request-class': 'auxiliary' } };
/** Thousands of tokens: no machine reads them in the milliseconds that the stand-in for the cloud takes. */
const LONG = ask('A look at the next line of a long file. '.repeat(330), { max_tokens: 4 });
const SHORT = ask('Say hello.', { max_tokens: 4 });

const configWith = (deadlineMs: number, routing: object) => ({ roles: { inner: { tiers: ['local', 'mid'], deadlineMs } }, routing });

let upstream: LoopbackUpstream;
let box: TestBox;

beforeAll(async () => {
	const { file } = chooseModel('smollm2-135m', modelsDir(process.env, homedir()));
	upstream = await startUpstream((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(CLOUD));
	box = await startBox({ anthropic: upstream.baseUrl, model: file, config: configWith(900_000, {}) });
	await until(() => box.engine?.status().state === 'ready');
});
afterAll(async () => {
	await box[Symbol.asyncDispose]();
	await upstream[Symbol.asyncDispose]();
});

/** Who answered, and what was said of the local model. */
async function answered(body: object): Promise<{ readonly by: string | undefined; readonly local: readonly string[] }> {
	const reply = await box.call('/v1/messages', body, INNER);
	expect(reply.status).toBe(200);
	const { decision } = (await box.admin('GET', `/explain/${reply.headers['x-innerloop-call']}`)).json as CallRecord;
	expect(decision.role).toBe('inner');
	const reasons = [...decision.reasons, ...decision.rejected.flatMap((refused) => refused.reasons)];
	const local = reasons.filter(({ deployment }) => deployment === 'local').map(({ code, text }) => `${code}: ${text}`);
	return { by: String(reply.headers['x-innerloop-deployment']), local };
}

const estimates = async () => ((await box.admin('GET', '/status')).json as StatusReport).localEstimates;

/** Writes the configuration, which the service takes over while it runs. @returns what was said of the local model once `by` answers */
async function reconfigured(deadlineMs: number, by: string): Promise<readonly string[]> {
	const config = configWith(deadlineMs, { mostTimesCloud: 1_000_000 });
	await box.writeConfig(testConfig({ anthropic: upstream.baseUrl, model: 'as before', config }));
	for (;;) {
		const reply = await answered(SHORT);
		if (reply.by === by) return reply.local;
		await delay(50);
	}
}

it('as long as nobody knows what the cloud takes, an answer within its deadline is local', async () => {
	expect((await answered(SHORT)).by).toBe('local');
});

it('an answer that takes longer than 1.5 times the cloud’s goes to the cloud, with both times as the reason', async () => {
	expect((await box.call('/v1/messages', SHORT, { headers: { 'x-innerloop-deployment': 'sonnet' } })).status).toBe(200);
	const { by, local } = await answered(LONG);
	expect(by).toBe('sonnet');
	expect(local.join()).toMatch(/slower-than-cloud: Its answer is expected after [\d.]+ s, more than 1\.5 times the [\d.]+ s of the cloud/);
});

it('with the factor raised it is local again; with its deadline lowered it is not', async () => {
	await reconfigured(900_000, 'local');
	expect((await reconfigured(1, 'sonnet')).join()).toContain('too-slow: ');
	await reconfigured(900_000, 'local');
});

it('each local answer adds the error of its estimate to what doctor says', async () => {
	const { calls: before } = await estimates();
	expect((await answered(SHORT)).by).toBe('local');
	const after = await estimates();
	expect(after.calls).toBe(before + 1);
	const { detail } = await checkService({ dataDir: box.dataDir } as Parameters<typeof checkService>[0]);
	expect(detail).toContain(`time estimates of ${after.calls} local answers off by ${Math.round(after.medianPercent ?? -1)} % (median)`);
});
