/** Box: the model and the program, updates, where it is in the network, backup, log, and who did what. */

import type { JSX } from 'preact';
import type { BoxReport } from '../../../../protocol/admin.ts';
import type { DiscoveryStatus } from '../../../../protocol/discovery.ts';
import { get, linkTo, mayChange } from '../api.ts';
import * as format from '../format.ts';
import { live } from '../live.ts';
import { Badge, Card, Facts, type Tone, ViewHead } from '../ui/basics.tsx';
import { useResource } from '../ui/resource.ts';
import { Shown } from '../ui/states.tsx';
import { Backup, Restore } from './backup.tsx';
import { Password } from './password.tsx';
import { Audit, Log } from './records.tsx';
import { Updates } from './updates.tsx';

export function BoxView(): JSX.Element {
	const box = useResource(() => get<BoxReport>('/box'), 'box');
	return (
		<>
			<ViewHead title="Box">
				{mayChange() && (
					<a class="button" href={linkTo('/support')} download>
						Support bundle
					</a>
				)}
			</ViewHead>
			<Shown of={box} what="the box">
				{(report) => (
					<div class="halves">
						<Model report={report} />
						<Program report={report} />
						<Network report={report} />
						{mayChange() && <Updates />}
						<Password />
					</div>
				)}
			</Shown>
			{mayChange() && (
				<>
					<div class="halves">
						<Backup />
						<Restore />
					</div>
					<Audit />
					<Log />
				</>
			)}
		</>
	);
}

function Model({ report: { engine } }: { readonly report: BoxReport }): JSX.Element {
	const now = { ...engine, ...live.value?.engine };
	return (
		<Card title="Local model" aside={<Badge tone={now.state === 'ready' ? 'good' : 'plain'}>{now.state}</Badge>}>
			<Facts
				rows={[
					['Model', now.model ?? 'none'],
					['Window', now.contextTokens === 0 ? '—' : `${format.count(now.contextTokens)} tokens a slot`],
					['Slots', now.slots],
					['Reads', now.rates === undefined ? 'not measured yet' : `${now.rates.prefillTokensPerSecond.toFixed(0)} tokens/s`],
					['Writes', now.rates === undefined ? 'not measured yet' : `${now.rates.decodeTokensPerSecond.toFixed(1)} tokens/s`],
					['Engine', engine.build === 'own' ? 'built on this box' : 'prebuilt'],
					['Memory', engine.rssBytes === undefined ? '—' : format.bytes(engine.rssBytes)],
				]}
			/>
			{now.detail !== undefined && <p class="quiet">{now.detail}</p>}
			<p class="quiet small-text">
				Another model: <code>innerloop model list</code> on the box, or <code>local.model</code> under Tiers.
			</p>
		</Card>
	);
}

function Program({ report }: { readonly report: BoxReport }): JSX.Element {
	const started = live.value?.box.startedAt;
	return (
		<Card title="Program">
			<Facts
				rows={[
					['Innerloop', report.version],
					['Runs since', started === undefined ? '—' : format.dateTime(started)],
					['Node', report.node],
					['System', report.system],
					[
						'Data',
						<span key="data" class="mono">
							{report.dataDir}
						</span>,
					],
					['Database', format.bytes(report.databaseBytes)],
					['Calls kept', `${report.retention.callDays} days, at most ${format.count(report.retention.calls)}`],
				]}
			/>
		</Card>
	);
}

const DISCOVERY_TONES: Readonly<Record<DiscoveryStatus['state'], Tone>> = {
	announced: 'good',
	starting: 'plain',
	waiting: 'warn',
	failed: 'bad',
	off: 'plain',
};

function Network({ report: { hostName, addresses, listensAt, secureAddress, discovery } }: { readonly report: BoxReport }): JSX.Element {
	const isHere = listensAt.includes('127.0.0.1') || listensAt.includes('[::1]');
	return (
		<Card title="Network" aside={<Badge tone={DISCOVERY_TONES[discovery.state]}>{discovery.state}</Badge>}>
			<Facts
				rows={[
					['Found as', discovery.name ?? <span class="quiet">{discovery.detail ?? discovery.state}</span>],
					...(discovery.adapter === undefined ? [] : [['Announced by', discovery.adapter] as const]),
					['Machine', hostName],
					['Addresses', addresses.length === 0 ? 'none' : addresses.join(', ')],
					['Listens at', listensAt],
					['Over TLS', secureAddress ?? 'no'],
					['You are at', location.host],
				]}
			/>
			{isHere && (
				<p class="quiet small-text">
					A loopback address reaches this machine alone. <code>server.host</code> under Tiers opens the box to the network.
				</p>
			)}
		</Card>
	);
}
