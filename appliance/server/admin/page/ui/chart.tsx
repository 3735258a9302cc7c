/** Small charts in SVG: bars for sums, a line for measures. The same figures stand in a table beside them. */

import type { JSX } from 'preact';
import { Scroll } from './basics.tsx';

export interface Point {
	/** On the axis and in the table. */
	readonly label: string;
	/** Null leaves a gap. */
	readonly value: number | null;
}

interface ChartProps {
	readonly title: string;
	readonly points: readonly Point[];
	readonly kind: 'bars' | 'line';
	readonly format: (value: number) => string;
	/** Head of the labels' column. */
	readonly axis: string;
	/** A line across: a budget, a limit. */
	readonly mark?: { readonly value: number; readonly label: string } | undefined;
	/** Highest value of the axis at least. */
	readonly least?: number;
}

const WIDE = 640;
const HIGH = 150;
const LEFT = 4;
const TOP = 10;
const BOTTOM = 18;
const SHOWN_LABELS = 4;

export function Chart(props: ChartProps): JSX.Element {
	const { title, points, kind, format, axis } = props;
	const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
	const summary = values.length === 0 ? 'no figures yet' : `latest ${format(values.at(-1) ?? 0)}, highest ${format(Math.max(...values))}`;
	return (
		<figure class="chart">
			<figcaption>
				<span>{title}</span>
				<span class="quiet">{summary}</span>
			</figcaption>
			<svg
				viewBox={`0 0 ${WIDE} ${HIGH}`}
				role="img"
				aria-label={`${title}: ${summary}. The table below has every figure.`}
				preserveAspectRatio="none"
			>
				<Plot {...props} high={highest(props, values)} kind={kind} />
			</svg>
			<div class="chart-labels" aria-hidden="true">
				{labelsOf(points).map((label, index) => (
					<span key={`${index}-${label}`}>{label}</span>
				))}
			</div>
			<details>
				<summary>Figures</summary>
				<Scroll label={`Figures of ${title}`}>
					<table class="plain">
						<caption class="unseen">{title}</caption>
						<thead>
							<tr>
								<th scope="col">{axis}</th>
								<th scope="col" class="number">
									{title}
								</th>
							</tr>
						</thead>
						<tbody>
							{points.toReversed().map(({ label, value }) => (
								<tr key={label}>
									<th scope="row">{label}</th>
									<td class="number">{value === null ? '—' : format(value)}</td>
								</tr>
							))}
						</tbody>
					</table>
				</Scroll>
			</details>
		</figure>
	);
}

function highest({ mark, least = 0 }: ChartProps, values: readonly number[]): number {
	const top = Math.max(least, mark?.value ?? 0, ...values);
	return top > 0 ? top * 1.08 : 1;
}

function Plot({ points, kind, mark, high }: ChartProps & { readonly high: number }): JSX.Element {
	const y = (value: number) => TOP + (1 - value / high) * (HIGH - TOP - BOTTOM);
	const base = HIGH - BOTTOM;
	return (
		<>
			<line class="chart-base" x1={0} x2={WIDE} y1={base} y2={base} />
			<line class="chart-grid" x1={0} x2={WIDE} y1={(base + TOP) / 2} y2={(base + TOP) / 2} />
			{kind === 'bars' ? <Bars points={points} y={y} base={base} /> : <Line points={points} y={y} base={base} />}
			{mark !== undefined && <line class="chart-mark" x1={0} x2={WIDE} y1={y(mark.value)} y2={y(mark.value)} />}
		</>
	);
}

interface PlotProps {
	readonly points: readonly Point[];
	readonly y: (value: number) => number;
	readonly base: number;
}

function Bars({ points, y, base }: PlotProps): JSX.Element {
	const step = (WIDE - LEFT * 2) / Math.max(1, points.length);
	const width = Math.max(1.5, Math.min(38, step * 0.7));
	return (
		<>
			{points.map(({ label, value }, index) => {
				const top = y(value ?? 0);
				const x = LEFT + index * step + (step - width) / 2;
				return value === null || value === 0 ? null : (
					<rect key={label} class="chart-bar" x={x} y={top} width={width} height={Math.max(1, base - top)} rx={Math.min(3, width / 3)} />
				);
			})}
		</>
	);
}

function Line({ points, y, base }: PlotProps): JSX.Element {
	const step = (WIDE - LEFT * 2) / Math.max(1, points.length - 1);
	const x = (index: number) => LEFT + index * step;
	const runs: { readonly x: number; readonly y: number }[][] = [[]];
	for (const [index, { value }] of points.entries()) {
		if (value === null) runs.push([]);
		else runs.at(-1)?.push({ x: x(index), y: y(value) });
	}
	return (
		<>
			{runs
				.filter((run) => run.length > 0)
				.map((run) => {
					const path = run.map((at, index) => `${index === 0 ? 'M' : 'L'}${at.x.toFixed(1)} ${at.y.toFixed(1)}`).join('');
					const [first, last] = [run[0], run.at(-1)];
					return (
						<g key={first?.x}>
							<path class="chart-area" d={`${path}L${last?.x} ${base}L${first?.x} ${base}Z`} />
							<path class="chart-line" d={path} />
						</g>
					);
				})}
		</>
	);
}

function labelsOf(points: readonly Point[]): readonly string[] {
	if (points.length <= SHOWN_LABELS) return points.map(({ label }) => label);
	const last = points.length - 1;
	return Array.from({ length: SHOWN_LABELS }, (_, n) => points[Math.round((last * n) / (SHOWN_LABELS - 1))]?.label ?? '');
}
