/** Money: what was spent, at what pace, what is held, and what was saved. */

import type { JSX } from 'preact';
import type { SavingsReport, SpendDaysReport, SpendReport } from '../../../../protocol/admin.ts';
import type { EarnedReport } from '../../../../protocol/earned.ts';
import type { SpendRow } from '../../../../protocol/ports.ts';
import { get, linkTo, session } from '../api.ts';
import * as format from '../format.ts';
import { live } from '../live.ts';
import { Badge, Card, Figure, Meter, TierBadge, ViewHead } from '../ui/basics.tsx';
import { Chart } from '../ui/chart.tsx';
import { useResource } from '../ui/resource.ts';
import { Empty, Shown } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { Diet } from './diet.tsx';
import { Earned } from './earned.tsx';
import { MeasuredSavings } from './measured-savings.tsx';

const DAYS = 30;
const DAY_MS = 86_400_000;

export function Money(): JSX.Element {
	const isOwner = session.value?.who?.role === 'owner';
	const spend = useResource(() => get<SpendReport>('/spend'), 'spend');
	return (
		<>
			<ViewHead title="Money">
				{isOwner && (
					<>
						<Csv by="day" />
						<Csv by="member" />
						<Csv by="call" />
					</>
				)}
			</ViewHead>
			<Shown of={spend} what="balances">
				{({ rows }) => <Balances rows={fresh(rows)} />}
			</Shown>
			<Card title={`Spent by day, the last ${DAYS} days`} aside={<span class="quiet">days are UTC</span>}>
				<ByDay />
			</Card>
			<div class="halves">
				<Card title="By member">
					<Shown of={spend} what="members">
						{({ rows }) => <ByMember rows={fresh(rows)} />}
					</Shown>
				</Card>
				<Card title="Open call trees" aside={<span class="quiet">a prompt and all that follows from it</span>}>
					<Shown of={spend} what="call trees">
						{({ rows }) => <Trees rows={rows} />}
					</Shown>
				</Card>
			</div>
			<Saved />
		</>
	);
}

const Csv = ({ by }: { readonly by: string }) => (
	<a class="button" href={linkTo(`/spend.csv?by=${by}`)} download>
		CSV by {by}
	</a>
);

/** The live feed has the same balances, newer. */
function fresh(rows: readonly SpendRow[]): readonly SpendRow[] {
	const news = live.value?.spend;
	return news === undefined ? rows : [...news, ...rows.filter(({ scope }) => scope === 'tree')];
}

function Balances({ rows }: { readonly rows: readonly SpendRow[] }): JSX.Element {
	const team = (period: string) => rows.find((row) => row.scope === 'team' && row.period === period);
	const held = team('month')?.reservedNanoUsd ?? 0;
	return (
		<div class="figures">
			<Budget label="Today" row={team('day')} passed={shareOfDay()} what="day" />
			<Budget label="This month" row={team('month')} passed={shareOfMonth()} what="month" />
			<Figure label="Held now" value={format.usd(held)} note="set aside for calls under way; what is not used comes back" />
		</div>
	);
}

interface BudgetProps {
	readonly label: string;
	readonly row: SpendRow | undefined;
	/** Share of the period that is over. */
	readonly passed: number;
	readonly what: string;
}

function Budget({ label, row, passed, what }: BudgetProps): JSX.Element {
	const settled = row?.settledNanoUsd ?? 0;
	const ceiling = row?.ceilingNanoUsd;
	const projected = passed > 0.02 ? settled / passed : undefined;
	const pace = projected === undefined ? '' : `; at this pace ${format.usd(Math.round(projected))} by its end`;
	if (ceiling === undefined) return <Figure label={label} value={format.usd(settled)} note={`no budget for the ${what}${pace}`} />;
	return (
		<Figure
			label={label}
			value={format.usd(settled)}
			share={ceiling === 0 ? 1 : settled / ceiling}
			shareLabel={`Of the ${what}’s budget`}
			note={`of ${format.usd(ceiling)}${pace}`}
		/>
	);
}

const shareOfDay = (): number => (Date.now() % DAY_MS) / DAY_MS;

function shareOfMonth(): number {
	const now = new Date();
	const begin = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
	return (now.getTime() - begin) / (Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) - begin);
}

function ByDay(): JSX.Element {
	const days = useResource(() => get<SpendDaysReport>(`/spend/days?days=${DAYS}`), 'days');
	return (
		<Shown of={days} what="days">
			{(report) => {
				const team = new Map(report.days.filter(({ scope }) => scope === 'team').map((one) => [one.day, one.settledNanoUsd]));
				if (team.size === 0)
					return <Empty title="Nothing spent yet">Answers of the local model cost nothing. The first cloud call shows here.</Empty>;
				const points = lastDays().map((iso) => ({ label: format.day(iso), value: team.get(iso) ?? 0 }));
				const budget = live.value?.spend.find((row) => row.scope === 'team' && row.period === 'day')?.ceilingNanoUsd;
				const top = Math.max(...points.map(({ value }) => value));
				// A budget far above all bars would press them flat.
				const mark = budget !== undefined && budget < top * 3 ? { value: budget, label: 'budget' } : undefined;
				return <Chart title="US dollars a day" kind="bars" axis="Day" points={points} format={format.usd} mark={mark} />;
			}}
		</Shown>
	);
}

function lastDays(): string[] {
	const today = Date.now();
	return Array.from({ length: DAYS }, (_, index) => new Date(today - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10));
}

interface MemberRow {
	readonly id: string;
	readonly name: string;
	readonly day: SpendRow | undefined;
	readonly month: SpendRow | undefined;
}

function ByMember({ rows }: { readonly rows: readonly SpendRow[] }): JSX.Element {
	const members = rows.filter(({ scope }) => scope === 'member');
	const ids = [...new Set(members.map(({ id }) => id))];
	const found = ids.map((id): MemberRow => {
		const own = members.filter((row) => row.id === id);
		return {
			id,
			name: own[0]?.name ?? id,
			day: own.find(({ period }) => period === 'day'),
			month: own.find(({ period }) => period === 'month'),
		};
	});
	if (found.length === 0) return <Empty title="No member has spent anything" />;
	return (
		<Table
			caption="Spending by member"
			rows={found.toSorted((a, b) => (b.month?.settledNanoUsd ?? 0) - (a.month?.settledNanoUsd ?? 0))}
			keyOf={({ id }) => id}
			columns={[
				{ head: 'Member', isTitle: true, cell: ({ name }) => name },
				{ head: 'Today', isNumber: true, cell: ({ day }) => <Amount row={day} /> },
				{ head: 'This month', isNumber: true, cell: ({ month }) => <Amount row={month} /> },
			]}
		/>
	);
}

function Amount({ row }: { readonly row: SpendRow | undefined }): JSX.Element {
	if (row === undefined) return <>$0</>;
	const { settledNanoUsd, ceilingNanoUsd, name } = row;
	if (ceilingNanoUsd === undefined) return <>{format.usd(settledNanoUsd)}</>;
	return (
		<>
			{format.usd(settledNanoUsd)} <span class="quiet">of {format.usd(ceilingNanoUsd)}</span>
			<Meter share={ceilingNanoUsd === 0 ? 1 : settledNanoUsd / ceilingNanoUsd} label={`${name}’s budget`} />
		</>
	);
}

function Trees({ rows }: { readonly rows: readonly SpendRow[] }): JSX.Element {
	const trees = rows.filter(({ scope }) => scope === 'tree');
	if (trees.length === 0)
		return <Empty title="No open call tree">A tree opens with a prompt’s first call and closes when it has been quiet for a while.</Empty>;
	return (
		<Table
			caption="Open call trees"
			rows={trees}
			keyOf={({ id }) => id}
			columns={[
				{ head: 'Member', isTitle: true, cell: ({ name }) => name },
				{ head: 'Tree', isLong: true, cell: ({ id }) => <span class="mono clamp">{id}</span> },
				{ head: 'Spent', isNumber: true, cell: ({ settledNanoUsd }) => format.usd(settledNanoUsd) },
				{ head: 'Held', isNumber: true, cell: ({ reservedNanoUsd }) => format.usd(reservedNanoUsd) },
				{
					head: 'Ceiling',
					isNumber: true,
					cell: ({ ceilingNanoUsd }) => (ceilingNanoUsd === undefined ? 'none' : format.usd(ceilingNanoUsd)),
				},
			]}
		/>
	);
}

function Saved(): JSX.Element {
	const savings = useResource(() => get<SavingsReport>(`/savings?days=${DAYS}`), 'savings');
	const earned = useResource(() => get<EarnedReport>('/earned'), 'earned');
	return (
		<>
			<Card title={`Saved by routing, the last ${DAYS} days`}>
				<Shown of={savings} what="savings">
					{({ measured }) => <MeasuredSavings measured={measured} />}
				</Shown>
			</Card>
			<Card title={`Left out of prompts, the last ${DAYS} days`}>
				<Shown of={savings} what="savings">
					{({ diet }) => <Diet sums={diet} />}
				</Shown>
			</Card>
			<Card title="Earned by the box’s own model">
				<Shown of={earned} what="earned classes">
					{(report) => <Earned report={report} />}
				</Shown>
			</Card>
			<Card title={`The same tokens at the frontier’s price, the last ${DAYS} days`}>
				<Shown of={savings} what="savings">
					{(report) => <AtFrontier report={report} />}
				</Shown>
			</Card>
		</>
	);
}

function AtFrontier({ report }: { readonly report: SavingsReport }): JSX.Element {
	if (report.kinds.length === 0)
		return <Empty title="Nothing to compare yet">Calls whose answer told its tokens are compared with the frontier model’s price.</Empty>;
	if (report.frontier === undefined)
		return (
			<Empty title="No frontier deployment to compare with">
				Add a frontier model under Tiers: what each call would have cost there is then told here.
			</Empty>
		);
	return <SavedTable report={report} frontier={report.frontier} />;
}

function SavedTable({ report, frontier }: { readonly report: SavingsReport; readonly frontier: string }): JSX.Element {
	const all = report.kinds.reduce((sum, one) => ({ cost: sum.cost + one.costNanoUsd, would: sum.would + one.frontierNanoUsd }), {
		cost: 0,
		would: 0,
	});
	return (
		<div class="spaced">
			<p>
				{format.usd(all.cost)} spent where {frontier} would have cost {format.usd(all.would)}
				{all.cost > 0 && all.would > 0 && <> ({(all.would / all.cost).toFixed(1)} times)</>}.
			</p>
			<Table
				caption="By kind of call"
				rows={report.kinds}
				keyOf={({ role, tier }) => `${role}-${tier}`}
				columns={[
					{ head: 'Kind', isTitle: true, cell: ({ role }) => `${role} calls` },
					{ head: 'Answered by', cell: ({ tier }) => <TierBadge tier={tier} /> },
					{ head: 'Eligible', cell: ({ tier }) => (tier === 'frontier' ? <Badge>stayed</Badge> : <Badge tone="good">moved</Badge>) },
					{ head: 'Calls', isNumber: true, cell: ({ calls }) => format.count(calls) },
					{ head: 'Cost', isNumber: true, cell: ({ costNanoUsd }) => format.usd(costNanoUsd) },
					{ head: 'At the frontier', isNumber: true, cell: ({ frontierNanoUsd }) => format.usd(frontierNanoUsd) },
					{ head: 'Less', isNumber: true, cell: ({ costNanoUsd, frontierNanoUsd }) => format.usd(frontierNanoUsd - costNanoUsd) },
				]}
			/>
			<p class="quiet small-text">
				Each call’s own tokens at {frontier}’s price, cache reads at its price of cache reads. That the frontier model would have used the
				same tokens is an assumption, so this is a price and no measured saving.{' '}
				{report.uncounted > 0 && `${format.plural(report.uncounted, 'call')} without told tokens are left out.`}
			</p>
		</div>
	);
}
