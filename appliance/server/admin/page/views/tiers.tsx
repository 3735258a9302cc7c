/** Tiers: who can answer, at what price and how they are, and the configuration with a look at what a change would change. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConfigCheck, ConfigReport, DeploymentReport, LimitUseReport } from '../../../../protocol/admin.ts';
import { TIERS, type Tier } from '../../../../protocol/words.ts';
import { get, mayChange, post, put, say } from '../api.ts';
import * as format from '../format.ts';
import { route } from '../router.ts';
import { Badge, Card, type Tone, ViewHead } from '../ui/basics.tsx';
import { Field } from '../ui/form.tsx';
import { type Resource, useResource } from '../ui/resource.ts';
import { Empty, Failure, Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Providers } from './providers.tsx';

export function Tiers(): JSX.Element {
	const { rest } = route.value;
	const tabs = [
		['', 'Deployments'],
		['providers', 'Providers'],
		['configuration', 'Configuration'],
	].filter(([path]) => path === '' || mayChange());
	return (
		<>
			<ViewHead title="Tiers" />
			<nav class="tabs" aria-label="Of tiers">
				{tabs.map(([path = '', name]) => (
					<a key={path} href={`#/tiers${path === '' ? '' : `/${path}`}`} aria-current={rest === path ? 'page' : undefined}>
						{name}
					</a>
				))}
			</nav>
			{rest === 'configuration' && mayChange() ? <Configuration /> : rest === 'providers' && mayChange() ? <Providers /> : <Deployments />}
		</>
	);
}

const TIER_WORDS: Readonly<Record<Tier, string>> = {
	frontier: 'the main loop: planning and hard work',
	mid: 'implementing sub-agents and compactions',
	local: 'the inner loop, answered on the box',
};

function Deployments(): JSX.Element {
	const found = useResource(() => get<{ readonly deployments: readonly DeploymentReport[] }>('/deployments'), 'deployments');
	return (
		<Shown of={found} what="deployments">
			{({ deployments }) => (
				<>
					{TIERS.map((tier) => {
						const rows = deployments.filter(({ deployment }) => deployment.tier === tier);
						return (
							<Card key={tier} title={`${tier[0]?.toUpperCase()}${tier.slice(1)}`} aside={<span class="quiet">{TIER_WORDS[tier]}</span>}>
								{rows.length === 0 ? <Empty title={`Nobody answers for the ${tier} tier`} /> : <TierTable rows={rows} tier={tier} />}
							</Card>
						);
					})}
				</>
			)}
		</Shown>
	);
}

function TierTable({ rows, tier }: { readonly rows: readonly DeploymentReport[]; readonly tier: Tier }): JSX.Element {
	return (
		<Table
			caption={`Deployments of the ${tier} tier`}
			rows={rows}
			keyOf={({ deployment }) => deployment.id}
			columns={[
				{ head: 'Deployment', isTitle: true, cell: ({ deployment }) => deployment.id },
				{
					head: 'Model',
					isLong: true,
					cell: ({ deployment }) => (
						<>
							{deployment.model} <span class="quiet">at {deployment.provider}</span>
						</>
					),
				},
				{ head: 'State', cell: (one) => <State {...one} /> },
				{
					head: 'Input',
					isNumber: true,
					cell: ({ deployment: { price } }) => (price === null ? 'unknown' : format.usdPerMillion(price.inputPicoUsd)),
				},
				{
					head: 'Cache read',
					isNumber: true,
					cell: ({ deployment: { price } }) => (price === null ? 'unknown' : format.usdPerMillion(price.cacheReadPicoUsd)),
				},
				{
					head: 'Output',
					isNumber: true,
					cell: ({ deployment: { price } }) => (price === null ? 'unknown' : format.usdPerMillion(price.outputPicoUsd)),
				},
				{
					head: 'Window',
					isNumber: true,
					cell: ({ deployment: { contextTokens } }) => (contextTokens === 0 ? '—' : format.short(contextTokens)),
				},
				{ head: 'Limits used', cell: ({ traffic }) => limitWords(traffic?.limits) },
			]}
		/>
	);
}

function State({ health, cooldownMs }: DeploymentReport): JSX.Element {
	const [word, tone]: readonly [string, Tone] = !health.isUp
		? ['absent', 'plain']
		: cooldownMs > 0
			? [`rests ${format.duration(cooldownMs)}`, 'warn']
			: ['up', 'good'];
	return (
		<>
			<Badge tone={tone}>{word}</Badge> {health.detail !== undefined && <span class="quiet small-text">{health.detail}</span>}
		</>
	);
}

function limitWords(limits: LimitUseReport | undefined): string {
	const { requests, tokens, parallel } = limits ?? {};
	const words = [
		requests && `${format.count(requests.used)} of ${format.count(requests.most)} calls/min`,
		tokens && `${format.short(tokens.used)} of ${format.short(tokens.most)} tok/min`,
		parallel && `${parallel.used} of ${parallel.most} at once`,
	].filter((one) => one !== undefined);
	return words.length === 0 ? 'none set' : words.join(', ');
}

function Configuration(): JSX.Element {
	const config = useResource(() => get<ConfigReport>('/config'), 'config');
	return (
		<Shown of={config} what="the configuration">
			{(report) => <Editor key={report.tag} report={report} config={config} />}
		</Shown>
	);
}

interface EditorProps {
	readonly report: ConfigReport;
	readonly config: Resource<ConfigReport>;
}

function Editor({ report, config }: EditorProps): JSX.Element {
	const [text, setText] = useState(report.text);
	const [check, setCheck] = useState<ConfigCheck & { readonly of: string }>();
	const [failure, setFailure] = useState<string>();
	const [isBusy, setBusy] = useState(false);
	const run = async (task: () => Promise<unknown>) => {
		setBusy(true);
		setFailure(undefined);
		await task().catch((error: unknown) => setFailure(say(error)));
		setBusy(false);
	};
	const look = () => run(async () => setCheck({ ...(await post<ConfigCheck>('/config/check', { text })), of: text }));
	const save = () =>
		run(async () => {
			await put<ConfigReport>('/config', { text, tag: report.tag });
			setCheck(undefined);
			config.reload();
		});
	const isChecked = check?.of === text && check.errors.length === 0;
	return (
		<>
			<Card title="Configuration" aside={<span class="quiet mono small-text">{report.file ?? 'the box has no place for one'}</span>}>
				{report.isDefault && (
					<p class="lead">There is no file yet: the embedded default is in force. What is saved here is written to the place above.</p>
				)}
				<Field
					label="JSON"
					hint="Keys of providers do not stand here; every key is described in docs/gateway.md. Save after a check: the former text stays beside it as .before."
				>
					{(control) => (
						<textarea
							{...control}
							rows={22}
							spellcheck={false}
							value={text}
							onInput={(event) => setText(event.currentTarget.value)}
							wrap="off"
						/>
					)}
				</Field>
				{failure !== undefined && <Failure message={failure} />}
				<div class="form-foot">
					<button type="button" class={isChecked ? '' : 'primary'} disabled={isBusy} onClick={() => void look()}>
						Check and preview
					</button>
					<button
						type="button"
						class={isChecked ? 'primary' : ''}
						disabled={isBusy || !isChecked || text === report.text}
						onClick={() => void save()}
					>
						Save
					</button>
					{text !== report.text && (
						<button type="button" class="ghost" onClick={() => setText(report.text)}>
							Undo all changes
						</button>
					)}
				</div>
			</Card>
			<div aria-live="polite">{check !== undefined && <Checked check={check} isStale={check.of !== text} />}</div>
		</>
	);
}

function Checked({ check, isStale }: { readonly check: ConfigCheck; readonly isStale: boolean }): JSX.Element {
	const { errors, warnings, needsRestart, preview } = check;
	return (
		<Card title="What it would change" aside={isStale && <Badge tone="warn">the text has changed since</Badge>}>
			{errors.length > 0 && (
				<ul class="faults" aria-label="Faults">
					{errors.map((error) => (
						<li key={error} class="form-failure">
							{error}
						</li>
					))}
				</ul>
			)}
			{warnings.map((warning) => (
				<p key={warning}>
					<Badge tone="warn">note</Badge> {warning}
				</p>
			))}
			{needsRestart.length > 0 && (
				<p>
					<Badge tone="warn">after a restart</Badge> {needsRestart.join(', ')}
				</p>
			)}
			{preview !== undefined && <Preview preview={preview} />}
		</Card>
	);
}

function Preview({ preview }: { readonly preview: NonNullable<ConfigCheck['preview']> }): JSX.Element {
	if (preview.calls === 0) return <Empty title="Valid">There were no calls since the start to try it on.</Empty>;
	const tried = `the last ${format.plural(preview.calls, 'call')}`;
	if (preview.changed.length === 0) return <Empty title="Valid, and nothing would have gone elsewhere">It was tried on {tried}.</Empty>;
	return (
		<div class="spaced">
			<p>
				Of {tried}, <strong>{format.count(preview.changed.length)}</strong> would have gone elsewhere:
			</p>
			<Table
				caption="Calls that would have gone elsewhere"
				rows={preview.changed}
				keyOf={({ callId }) => callId}
				columns={[
					{ head: 'Time', isTitle: true, cell: ({ at, callId }) => <a href={`#/calls/${callId}`}>{format.clockTime(at)}</a> },
					{ head: 'Member', cell: ({ member }) => member },
					{ head: 'Role', cell: ({ role }) => role },
					{ head: 'Went to', cell: ({ from }) => from ?? 'refused' },
					{ head: 'Would go to', cell: ({ to }) => <strong>{to ?? 'refused'}</strong> },
					{
						head: 'Expected',
						isNumber: true,
						cell: ({ fromNanoUsd, toNanoUsd }) =>
							`${fromNanoUsd === undefined ? '—' : format.usd(fromNanoUsd)} to ${toNanoUsd === undefined ? '—' : format.usd(toNanoUsd)}`,
					},
					{ head: 'Refused with', isLong: true, cell: ({ refusal }) => refusal ?? '—' },
				]}
			/>
		</div>
	);
}
