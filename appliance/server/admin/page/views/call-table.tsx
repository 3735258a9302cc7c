/** Calls in a table: the same columns wherever calls are listed. */

import type { JSX } from 'preact';
import type { LiveCall } from '../../../../protocol/live.ts';
import type { CallRecord } from '../../../../protocol/ports.ts';
import type { Tier } from '../../../../protocol/words.ts';
import * as format from '../format.ts';
import type { RecentCall } from '../live.ts';
import { idOf } from '../live.ts';
import { Badge, TierBadge } from '../ui/basics.tsx';
import { type Column, Table } from '../ui/table.tsx';

export type CallLine = Omit<LiveCall, 'dialect'> & { readonly isRunning: boolean };

export function lineOf(call: RecentCall): CallLine {
	const { begin, end } = call;
	if (end !== undefined) return { ...end, isRunning: false };
	return {
		callId: idOf(call),
		at: begin.at,
		member: begin.member,
		model: begin.model,
		role: begin.role,
		tier: undefined,
		deployment: begin.deployment,
		status: 0,
		problemCode: undefined,
		costNanoUsd: 0,
		latencyMs: 0,
		inputTokens: undefined,
		outputTokens: undefined,
		why: '',
		isRunning: true,
	};
}

/** @param tierOf the tier of a deployment as it is configured now */
export function lineOfRecord({ decision, outcome }: CallRecord, tierOf: (deployment: string) => Tier | undefined): CallLine {
	const { callId, at, member, requestedModel, role, reasons } = decision;
	const telling = ['execute', 'choose', 'reserve', 'eligibility', 'role'].flatMap((step) => reasons.filter((one) => one.step === step));
	const candidate = decision.candidates.find(({ deployment }) => deployment === outcome?.deployment);
	return {
		callId,
		at,
		member,
		model: requestedModel,
		role,
		tier: candidate?.tier ?? (outcome?.deployment === undefined ? undefined : tierOf(outcome.deployment)),
		deployment: outcome?.deployment,
		status: outcome?.status ?? 0,
		problemCode: outcome?.problemCode,
		costNanoUsd: outcome?.costNanoUsd ?? 0,
		latencyMs: outcome?.latencyMs ?? 0,
		inputTokens: outcome?.inputTokens,
		outputTokens: outcome?.outputTokens,
		why: telling[0]?.text ?? '',
		isRunning: outcome === undefined,
	};
}

const COLUMNS: readonly Column<CallLine>[] = [
	{
		head: 'Time',
		isTitle: true,
		cell: ({ at, callId }) => (
			<a href={`#/calls/${callId}`} aria-label={`Call at ${format.clockTime(at)}`}>
				{format.clockTime(at)}
			</a>
		),
	},
	{ head: 'Member', cell: ({ member }) => member },
	{ head: 'Role', cell: ({ role }) => role ?? '—' },
	{
		head: 'Went to',
		cell: ({ deployment, tier, isRunning }) => (
			<span class="pair">
				{deployment ?? (isRunning ? '…' : 'nowhere')} <TierBadge tier={tier} />
			</span>
		),
	},
	{ head: 'Why', isLong: true, cell: ({ why }) => <span class="clamp">{why === '' ? '—' : why}</span> },
	{
		head: 'In / out',
		isNumber: true,
		cell: ({ inputTokens, outputTokens }) =>
			inputTokens === undefined && outputTokens === undefined
				? '—'
				: `${format.short(inputTokens ?? 0)} / ${format.short(outputTokens ?? 0)}`,
	},
	{ head: 'Took', isNumber: true, cell: ({ latencyMs, isRunning }) => (isRunning ? '…' : format.duration(latencyMs)) },
	{ head: 'Cost', isNumber: true, cell: ({ costNanoUsd, isRunning }) => (isRunning ? '…' : format.usd(costNanoUsd)) },
	{ head: 'Result', cell: (line) => <Result {...line} /> },
];

export function Result({ status, problemCode, isRunning }: Pick<CallLine, 'status' | 'problemCode' | 'isRunning'>): JSX.Element {
	if (isRunning) return <Badge>running</Badge>;
	if (status < 400 && problemCode === undefined) return <Badge tone="good">ok</Badge>;
	return <Badge tone={status >= 500 ? 'bad' : 'warn'}>{problemCode ?? status}</Badge>;
}

export function CallTable({ lines, caption }: { readonly lines: readonly CallLine[]; readonly caption: string }): JSX.Element {
	return <Table caption={caption} columns={COLUMNS} rows={lines} keyOf={({ callId }) => callId} class="calls" />;
}
