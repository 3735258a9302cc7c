/** `innerloop deployments`: which models the box can reach, how they are, and what is left of their limits. */

import type { DeploymentReport, LimitUseReport, TrafficReport } from '../protocol/admin.ts';
import { connectElsewhere } from './admin.ts';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { ADDRESS_OPTION, DATA_OPTION, dataDirOf } from './places.ts';
import { findService } from './service-connection.ts';
import { table } from './terminal.ts';

const deployments = defineCommand({
	name: 'deployments',
	summary: 'Show every deployment: whether it answers, how soon, and what is used of its limits.',
	options: { ...DATA_OPTION, ...ADDRESS_OPTION },
	details:
		'STATE is up, down (with the reason), resting (after failures), or trial (one call tries it). FIRST is the mean time to the first bytes of streams lately. LIMITS are used/most: requests and tokens of the last minute, calls at once. Keys of a provider stand below its deployments.',
	async run({ values }, context) {
		const service = serviceOf(values, context);
		const reply = await service.ask<{ deployments: readonly DeploymentReport[] }>('GET', 'deployments');
		if (values.json) context.terminal.json(reply);
		else context.terminal.print(table(HEAD, reply.deployments.flatMap(lines)));
		return EXIT.ok;
	},
});

export const deploymentsCommands: readonly Command[] = [deployments];

const HEAD = ['DEPLOYMENT', 'PROVIDER', 'TIER', 'ORDER', 'STATE', 'RUNNING', 'FIRST', 'LIMITS'];

function serviceOf(values: { readonly data?: string | undefined; readonly address?: string | undefined }, context: Context) {
	if (values.address !== undefined) return connectElsewhere(values.address, context);
	const service = findService(dataDirOf(values, context));
	if (service === undefined)
		throw new UsageError('No service runs on this data folder: start it with innerloop serve, or name one with --address.');
	return service;
}

function lines(report: DeploymentReport): string[][] {
	const { deployment, traffic } = report;
	const { id, provider, tier, order } = deployment;
	const keys = (traffic?.keys ?? []).map((key) => {
		const state = key.phase === 'closed' ? 'up' : `${key.phase}${seconds(key.cooldownMs)}`;
		return [`  ${key.id}`, '', '', '', state, String(key.runningCalls), '', sayLimits(key.limits)];
	});
	const running = traffic === undefined ? '' : String(traffic.runningCalls);
	return [[id, provider, tier, String(order), stateOf(report), running, firstOf(traffic), sayLimits(traffic?.limits ?? {})], ...keys];
}

function stateOf({ health, cooldownMs, traffic }: DeploymentReport): string {
	if (!health.isUp) return `down: ${health.detail ?? 'not configured'}`;
	if (traffic?.phase === 'trial') return 'trial';
	return cooldownMs > 0 ? `resting${seconds(cooldownMs)}` : 'up';
}

const seconds = (ms: number): string => (ms > 0 ? ` ${Math.ceil(ms / 1_000)} s` : '');

function firstOf(traffic: TrafficReport | undefined): string {
	const ms = traffic?.firstTokenMs.stream;
	return ms === undefined || ms === null ? '' : `${ms} ms`;
}

function sayLimits(limits: LimitUseReport): string {
	return Object.entries(limits)
		.map(([limit, { used, most }]) => `${limit} ${used}/${most}`)
		.join(', ');
}
