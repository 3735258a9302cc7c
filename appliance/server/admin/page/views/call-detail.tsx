/** One call's whole decision: what it was taken for, who could answer, who could not and why, and what became of it. */

import type { JSX } from 'preact';
import type { Decision, Outcome, Reason } from '../../../../protocol/decision.ts';
import type { CallRecord } from '../../../../protocol/ports.ts';
import { get } from '../api.ts';
import * as format from '../format.ts';
import { Card, Facts, TierBadge, ViewHead } from '../ui/basics.tsx';
import { Icon } from '../ui/icons.tsx';
import { useResource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Result } from './call-table.tsx';

export function CallDetail({ id }: { readonly id: string }): JSX.Element {
	const record = useResource(() => get<CallRecord>(`/calls/${encodeURIComponent(id)}`), id);
	return (
		<>
			<ViewHead title="One call">
				<a class="button" href="#/calls">
					<Icon name="back" /> All calls
				</a>
			</ViewHead>
			<Shown of={record} what="the call">
				{({ decision, outcome }) => (
					<>
						<div class="halves">
							<Card title="What became of it">
								{outcome === undefined ? <Empty title="It still runs" /> : <Became outcome={outcome} />}
							</Card>
							<Card title="What it was">
								<Was decision={decision} />
							</Card>
						</div>
						<DecisionCards decision={decision} chosen={outcome?.deployment} />
					</>
				)}
			</Shown>
		</>
	);
}

function Became({ outcome }: { readonly outcome: Outcome }): JSX.Element {
	const { deployment, status, problemCode, costNanoUsd, isCostBound, latencyMs, firstByteMs, inputTokens, outputTokens, cacheReadTokens } =
		outcome;
	const tokens = (value: number | undefined) => (value === undefined ? 'not told' : format.count(value));
	return (
		<Facts
			rows={[
				['Result', <Result key="result" status={status} problemCode={problemCode} isRunning={false} />],
				['HTTP status', status],
				['Answered by', deployment ?? 'nobody'],
				[
					'Cost',
					`${format.usd(costNanoUsd)}${isCostBound ? ' (the bound: its usage was not told)' : ''}${outcome.isOwnLogin === true ? ' (own login)' : ''}`,
				],
				['Took', format.duration(latencyMs)],
				['First byte after', firstByteMs === undefined ? '—' : format.duration(firstByteMs)],
				['Input tokens', tokens(inputTokens)],
				['From the prompt cache', tokens(cacheReadTokens)],
				['Output tokens', tokens(outputTokens)],
			]}
		/>
	);
}

function Was({ decision }: { readonly decision: Decision }): JSX.Element {
	const { callId, at, member, dialect, requestedModel, role, treeKey, reservedNanoUsd } = decision;
	return (
		<Facts
			rows={[
				[
					'Call',
					<span key="id" class="mono">
						{callId}
					</span>,
				],
				['At', format.dateTime(at)],
				['Member', member],
				['Dialect', dialect],
				['Asked for', requestedModel],
				['Role', role],
				[
					'Call tree',
					<span key="tree" class="mono">
						{treeKey}
					</span>,
				],
				['Set aside', format.usd(reservedNanoUsd)],
			]}
		/>
	);
}

interface DecisionProps {
	readonly decision: Decision;
	/** Who answered in the end. */
	readonly chosen: string | undefined;
}

/** The same for a call that happened and for one that is only tried. */
export function DecisionCards({ decision, chosen }: DecisionProps): JSX.Element {
	return (
		<>
			<Card title="Why">
				<Reasons reasons={decision.reasons} />
			</Card>
			<Card title="Who could answer, in this order">
				{decision.candidates.length === 0 ? <Empty title="Nobody could" /> : <Candidates decision={decision} chosen={chosen} />}
			</Card>
			<Card title="Who could not">
				{decision.rejected.length === 0 ? (
					<Empty title="Every deployment could have" />
				) : (
					<Table
						caption="Deployments that could not take the call"
						rows={decision.rejected}
						keyOf={({ deployment }) => deployment}
						columns={[
							{ head: 'Deployment', isTitle: true, cell: ({ deployment }) => deployment },
							{ head: 'Why not', isLong: true, cell: ({ reasons }) => reasons.map(({ text }) => text).join(' ') },
						]}
					/>
				)}
			</Card>
		</>
	);
}

function Reasons({ reasons }: { readonly reasons: readonly Reason[] }): JSX.Element {
	if (reasons.length === 0) return <Empty title="No reason was noted" />;
	return (
		<ol class="reasons">
			{reasons.map(({ step, code, text, deployment }, index) => (
				<li key={`${index}-${code}`}>
					<span class="step">{step}</span>
					<span>
						{deployment === undefined ? '' : `${deployment}: `}
						{text} <span class="quiet mono">{code}</span>
					</span>
				</li>
			))}
		</ol>
	);
}

function Candidates({ decision, chosen }: DecisionProps): JSX.Element {
	return (
		<Table
			caption="Candidates in the order that they are tried"
			rows={decision.candidates}
			keyOf={({ deployment }) => deployment}
			columns={[
				{
					head: 'Deployment',
					isTitle: true,
					cell: ({ deployment }) => (deployment === chosen ? <strong>{deployment} (answered)</strong> : deployment),
				},
				{ head: 'Tier', cell: ({ tier }) => <TierBadge tier={tier} /> },
				{ head: 'Expected cost', isNumber: true, cell: ({ expectedCostNanoUsd }) => format.usd(expectedCostNanoUsd) },
				{ head: 'Most it can cost', isNumber: true, cell: ({ worstCostNanoUsd }) => format.usd(worstCostNanoUsd) },
				{
					head: 'Expected time',
					isNumber: true,
					cell: ({ expectedMs }) => (expectedMs === undefined ? 'not known' : format.duration(expectedMs)),
				},
				{
					head: 'Output cap',
					isNumber: true,
					cell: ({ outputCapTokens }) => (outputCapTokens === undefined ? 'as asked' : format.count(outputCapTokens)),
				},
			]}
		/>
	);
}
