/** Now: how the box is, what it does, and the calls as they happen. */

import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Condition } from '../../../../protocol/condition.ts';
import type { LiveDeployment, LiveState } from '../../../../protocol/live.ts';
import type { SpendRow } from '../../../../protocol/ports.ts';
import { get } from '../api.ts';
import * as format from '../format.ts';
import { connection, fillRecent, live, missedCalls, recent } from '../live.ts';
import { Badge, Card, Facts, Figure, TierBadge, type Tone, ViewHead } from '../ui/basics.tsx';
import { Chart } from '../ui/chart.tsx';
import { Icon } from '../ui/icons.tsx';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { CallTable, lineOf, lineOfRecord } from './call-table.tsx';

const SHOWN_CALLS = 16;

export function Now(): JSX.Element {
	useEffect(() => void fillFromHistory(), []);
	const state = live.value;
	return (
		<>
			<ViewHead title="Now">
				<Connected />
			</ViewHead>
			{state === undefined ? <Waiting /> : <Box state={state} />}
		</>
	);
}

async function fillFromHistory(): Promise<void> {
	const { calls } = await get<{ readonly calls: Parameters<typeof lineOfRecord>[0][] }>(`/calls?limit=${SHOWN_CALLS}`);
	fillRecent(calls.map((record) => ({ ...lineOfRecord(record, () => undefined), dialect: record.decision.dialect })));
}

function Connected(): JSX.Element {
	const said = { live: 'Live', connecting: 'Connecting …', waiting: 'Not connected, trying again', ended: 'Ended' }[connection.value];
	const tone: Tone = connection.value === 'live' ? 'good' : connection.value === 'connecting' ? 'plain' : 'warn';
	return (
		<span role="status" class="connection">
			<Badge tone={tone}>{said}</Badge>
		</span>
	);
}

const Waiting = () =>
	connection.value === 'waiting' ? <Failure message="The box does not answer. The page goes on trying." /> : <Loading what="the box" />;

function Box({ state }: { readonly state: LiveState }): JSX.Element {
	return (
		<>
			<Conditions conditions={state.conditions} />
			<Headline state={state} />
			<div class="columns">
				<Card title="Calls as they happen" class="wide" aside={<a href="#/calls">All calls</a>}>
					<Calls />
				</Card>
				<div class="stack">
					<Machine state={state} />
					<Card title="Deployments" aside={<a href="#/tiers">Tiers</a>}>
						<Deployments deployments={state.deployments} />
					</Card>
				</div>
			</div>
			<Pulse state={state} />
		</>
	);
}

function Conditions({ conditions }: { readonly conditions: readonly Condition[] }): JSX.Element {
	return (
		<div class="conditions" role="status" aria-label="What needs attention">
			{conditions.map(({ code, severity, text, advice }) => (
				<div key={`${code}-${text}`} class={`condition ${severity}`}>
					<Icon name="warning" />
					<div>
						<strong>{text}</strong>
						<div>{advice}</div>
					</div>
				</div>
			))}
		</div>
	);
}

const ENGINE_WORDS: Readonly<Record<string, readonly [string, Tone]>> = {
	ready: ['ready', 'good'],
	starting: ['starting', 'plain'],
	restarting: ['restarting', 'warn'],
	absent: ['off', 'plain'],
	failed: ['failed', 'bad'],
};

function Headline({ state }: { readonly state: LiveState }): JSX.Element {
	const { engine, pulse, runningCalls, spend } = state;
	const [word = engine.state, tone = 'plain'] = ENGINE_WORDS[engine.state] ?? [];
	const decode = engine.rates?.decodeTokensPerSecond;
	const minutes = (pulse.stepMs * pulse.calls.length) / 60_000;
	return (
		<div class="figures">
			<Figure
				label="Local model"
				value={decode === undefined ? <Badge tone={tone}>{word}</Badge> : `${decode.toFixed(1)} tok/s`}
				note={
					<>
						{engine.model ?? engine.detail ?? 'none'} {decode !== undefined && <Badge tone={tone}>{word}</Badge>}
					</>
				}
			/>
			<Figure
				label="Slots"
				value={`${engine.busySlots} of ${engine.slots}`}
				share={engine.slots === 0 ? 0 : engine.busySlots / engine.slots}
				shareLabel="Slots in use"
				note={engine.queued === 0 ? 'nobody waits' : `${format.plural(engine.queued, 'call')} waiting`}
			/>
			<Figure
				label="Calls"
				value={format.count(runningCalls)}
				note={`running; ${format.plural(sum(pulse.calls), 'call')} in ${Math.round(minutes)} minutes`}
			/>
			<Today spend={spend} />
		</div>
	);
}

function Today({ spend }: { readonly spend: readonly SpendRow[] }): JSX.Element {
	const row = spend.find(({ scope, period }) => scope === 'team' && period === 'day');
	if (row === undefined) return <Figure label="Today" value="$0" note="nothing spent yet" />;
	const { settledNanoUsd, reservedNanoUsd, ceilingNanoUsd } = row;
	const held = reservedNanoUsd === 0 ? '' : `, ${format.usd(reservedNanoUsd)} held`;
	return (
		<Figure
			label="Spent today"
			value={format.usd(settledNanoUsd)}
			share={ceilingNanoUsd === undefined || ceilingNanoUsd === 0 ? undefined : settledNanoUsd / ceilingNanoUsd}
			shareLabel="Of today’s budget"
			note={ceilingNanoUsd === undefined ? `no daily budget${held}` : `of ${format.usd(ceilingNanoUsd)}${held}`}
		/>
	);
}

function Calls(): JSX.Element {
	const lines = recent.value.slice(0, SHOWN_CALLS).map(lineOf);
	if (lines.length === 0)
		return (
			<Empty title="No calls yet">
				They appear here the moment they come. The lines for your client are shown with each new key, under Team.
			</Empty>
		);
	return (
		<>
			{missedCalls.value > 0 && (
				<p class="quiet">{format.plural(missedCalls.value, 'call')} came faster than this page could read; all are under Calls.</p>
			)}
			<CallTable lines={lines} caption="The latest calls, the newest first" />
		</>
	);
}

function Machine({ state: { machine, admission } }: { readonly state: LiveState }): JSX.Element {
	if (machine === undefined)
		return (
			<Card title="Machine">
				<Loading what="the machine" />
			</Card>
		);
	const { temperatureCelsius, cpuLoadPercent, freeBytes, totalBytes, pressure, disk, flags } = machine;
	const used = freeBytes === undefined || totalBytes === undefined ? undefined : totalBytes - freeBytes;
	const limits = { open: 'all slots', slow: 'one call at a time', aside: 'steps aside' }[admission.state];
	return (
		<Card title="Machine">
			<Facts
				rows={[
					['Temperature', temperatureCelsius === undefined ? 'no sensor' : `${temperatureCelsius.toFixed(1)} °C`],
					['Processor', cpuLoadPercent === undefined ? '—' : `${cpuLoadPercent} %`],
					['Memory', used === undefined || totalBytes === undefined ? '—' : `${format.bytes(used)} of ${format.bytes(totalBytes)}`],
					[
						'Memory pressure',
						pressure === undefined
							? 'not kept by this kernel'
							: `${pressure.somePercent.toFixed(1)} % some, ${pressure.fullPercent.toFixed(1)} % all`,
					],
					['Disk', disk === undefined ? '—' : `${format.bytes(disk.freeBytes)} free`],
					['Power and throttling', flags === undefined ? 'only a Raspberry Pi says' : powerWords(flags)],
					[
						'Local model',
						<Badge key="admission" tone={admission.state === 'open' ? 'good' : 'warn'}>
							{limits}
						</Badge>,
					],
				]}
			/>
		</Card>
	);
}

function powerWords(flags: NonNullable<NonNullable<LiveState['machine']>['flags']>): JSX.Element {
	if (flags.isUnderVoltage) return <Badge tone="bad">under-voltage</Badge>;
	if (flags.isThrottled) return <Badge tone="bad">throttled</Badge>;
	if (flags.isCapped || flags.isSoftTemperatureLimited) return <Badge tone="warn">clock held down</Badge>;
	if (flags.wasUnderVoltage || flags.wasThrottled) return <Badge tone="warn">good, had trouble since the start</Badge>;
	return <Badge tone="good">good</Badge>;
}

function Deployments({ deployments }: { readonly deployments: readonly LiveDeployment[] }): JSX.Element {
	if (deployments.length === 0)
		return <Empty title="Nobody can answer yet">Add a provider key under Tiers, or wait until the local model is here.</Empty>;
	const present = deployments.filter(({ state }) => state !== 'absent');
	const absent = deployments.length - present.length;
	return (
		<>
			<Table
				caption="Deployments and how they are"
				rows={present}
				keyOf={({ id }) => id}
				columns={[
					{ head: 'Name', isTitle: true, cell: ({ id }) => id },
					{ head: 'Tier', cell: ({ tier }) => <TierBadge tier={tier} /> },
					{ head: 'State', cell: ({ state }) => <Badge tone={state === 'up' ? 'good' : 'warn'}>{state}</Badge> },
					{ head: 'Calls', isNumber: true, cell: ({ runningCalls }) => format.count(runningCalls) },
				]}
			/>
			{absent > 0 && <p class="quiet">{format.plural(absent, 'other')} without a key or model.</p>}
		</>
	);
}

function Pulse({ state: { pulse } }: { readonly state: LiveState }): JSX.Element {
	const { stepMs, lastStepAtMs } = pulse;
	const labelled = (values: readonly (number | null)[]) =>
		values.map((value, index) => ({ label: format.clockTime(lastStepAtMs - (values.length - 1 - index) * stepMs), value }));
	const perSecond = pulse.outputTokens.map((tokens) => (tokens * 1_000) / stepMs);
	return (
		<div class="charts">
			<Card title="The last ten minutes">
				<div class="chart-row">
					<Chart
						title="Tokens a second, all tiers"
						kind="bars"
						axis="Time"
						points={labelled(perSecond)}
						format={(value) => value.toFixed(1)}
					/>
					{pulse.temperatureCelsius.some((value) => value !== null) ? (
						<Chart
							title="Temperature"
							kind="line"
							axis="Time"
							points={labelled(pulse.temperatureCelsius)}
							format={(value) => `${value.toFixed(1)} °C`}
							least={60}
						/>
					) : (
						<Chart
							title="Processor load"
							kind="line"
							axis="Time"
							points={labelled(pulse.cpuLoadPercent)}
							format={(value) => `${Math.round(value)} %`}
							least={100}
						/>
					)}
				</div>
			</Card>
		</div>
	);
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
