/** What Prometheus sees of each deployment and key: what runs, what rests, what is left of the limits, how soon it answers. */

import type { Gauge } from 'prom-client';
import type { LimitUseReport, TrafficReport } from '../protocol/admin.ts';

export interface TrafficSource {
	traffic(): readonly (readonly [deployment: string, TrafficReport])[];
}

type AddGauge = (name: string, help: string, labels: string[], read: (it: Gauge<string>) => void) => void;

export function addTrafficGauges(add: AddGauge, source: TrafficSource): void {
	const each = (set: (it: Gauge<string>, deployment: string, traffic: TrafficReport) => void) => (it: Gauge<string>) => {
		it.reset();
		for (const [deployment, traffic] of source.traffic()) set(it, deployment, traffic);
	};
	add(
		'innerloop_deployment_running_calls',
		'Calls that run at a deployment.',
		['deployment'],
		each((it, deployment, { runningCalls }) => it.set({ deployment }, runningCalls)),
	);
	add(
		'innerloop_deployment_phase',
		'1 for the phase of a deployment: closed takes calls, resting is passed over, trial is tried by one call.',
		['deployment', 'phase'],
		each((it, deployment, { phase }) => it.set({ deployment, phase }, 1)),
	);
	add(
		'innerloop_deployment_first_token_seconds',
		'Mean time to the first bytes of late, by class of output.',
		['deployment', 'output'],
		each((it, deployment, { firstTokenMs }) => {
			for (const [output, ms] of Object.entries(firstTokenMs)) it.set({ deployment, output }, ms / 1_000);
		}),
	);
	add(
		'innerloop_limit',
		'What is used of a limit, and the limit; key is empty for the deployment’s own.',
		['deployment', 'key', 'limit', 'kind'],
		each((it, deployment, { limits, keys }) => {
			setLimits(it, { deployment, key: '' }, limits);
			for (const key of keys) setLimits(it, { deployment, key: key.id }, key.limits);
		}),
	);
	add(
		'innerloop_key_resting',
		'1 for a provider’s key that is set aside at a deployment.',
		['deployment', 'key'],
		each((it, deployment, { keys }) => {
			for (const { id, phase } of keys) it.set({ deployment, key: id }, phase === 'closed' ? 0 : 1);
		}),
	);
}

function setLimits(it: Gauge<string>, labels: { readonly deployment: string; readonly key: string }, limits: LimitUseReport): void {
	for (const [limit, { used, most }] of Object.entries(limits)) {
		it.set({ ...labels, limit, kind: 'used' }, used);
		it.set({ ...labels, limit, kind: 'most' }, most);
	}
}
