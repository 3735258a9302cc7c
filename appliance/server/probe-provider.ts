/** Whether a provider takes a key, the box's own or one that is only tried, found out live and without a token that costs anything. */

import type { ProviderTest } from '../protocol/admin.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { CloudClient } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import type { DialectName } from '../protocol/words.ts';
import { createCloudClient } from '../provider/cloud/cloud-client.ts';
import type { Box } from './box.ts';
import { pathAt } from './upstream-path.ts';

const PATIENCE_MS = 15_000;
const LONGEST_ANSWER_BYTES = 65_536;

/**
 * Anthropic counts tokens for nothing. The others are sent a call without any content: they look at the key first and then
 * refuse the call.
 */
const PROBES: Readonly<Record<DialectName, { readonly path: string; body(model: string): unknown }>> = {
	anthropic: { path: '/v1/messages/count_tokens', body: (model) => ({ model, messages: [{ role: 'user', content: 'Hello' }] }) },
	'chat-completions': { path: '/v1/chat/completions', body: (model) => ({ model }) },
	responses: { path: '/v1/responses', body: (model) => ({ model }) },
};

/** @param candidate a key that is tried and kept nowhere; undefined tries the one that the box has */
export async function probeProvider(box: Box, deployment: Deployment, candidate?: string): Promise<ProviderTest> {
	if (candidate === undefined) return await probeBy(box, box.cloud, deployment);
	const { providers, egress } = box.settings();
	const cloud = createCloudClient((name) => {
		const provider = providers[name];
		return provider && { ...provider, key: candidate, egress };
	});
	try {
		return await probeBy(box, cloud, deployment);
	} finally {
		await cloud.close();
	}
}

async function probeBy(box: Box, cloud: CloudClient, deployment: Deployment): Promise<ProviderTest> {
	const [dialect] = deployment.dialects;
	if (dialect === undefined) throw new Problem('internal', `Deployment ${deployment.id} speaks no dialect.`);
	const probe = PROBES[dialect];
	const started = box.clock.nowMs();
	try {
		const reply = await cloud.send({
			deployment,
			dialect,
			path: pathAt(box.settings(), deployment, probe.path),
			headers: { 'content-type': 'application/json', ...(dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}) },
			body: Buffer.from(JSON.stringify(probe.body(deployment.model))),
			signal: AbortSignal.timeout(PATIENCE_MS),
		});
		const said = await firstBytes(reply.body);
		return { deployment: deployment.id, tookMs: Math.round(box.clock.nowMs() - started), ...judge(reply.status, said) };
	} catch (error) {
		const text = `The provider cannot be reached: ${Problem.from(error).message}`;
		return { deployment: deployment.id, tookMs: Math.round(box.clock.nowMs() - started), isAccepted: false, text };
	}
}

function judge(status: number, said: string): Pick<ProviderTest, 'isAccepted' | 'text'> {
	if (status < 300 || status === 400 || status === 422) return { isAccepted: true, text: 'The provider takes the key.' };
	if (status === 401 || status === 403)
		return { isAccepted: false, text: 'The provider refuses the key. Is it whole, and for this provider?' };
	if (status === 404)
		return { isAccepted: false, text: `The provider does not know the model or the address${said === '' ? '' : `: ${said}`}.` };
	if (status === 429) return { isAccepted: true, text: 'The provider takes the key, but its limit or quota is used up at the moment.' };
	return { isAccepted: false, text: `The provider answered ${status}${said === '' ? '' : `: ${said}`}.` };
}

/** Its own sentence, where it has one. */
async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<string> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of body) {
		chunks.push(chunk);
		bytes += chunk.length;
		if (bytes > LONGEST_ANSWER_BYTES) break;
	}
	try {
		const { error } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { readonly error?: { readonly message?: unknown } };
		return typeof error?.message === 'string' ? error.message.slice(0, 200) : '';
	} catch {
		return '';
	}
}
