/** Cards, figures, badges, meters: what every view is put together from. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Tier } from '../../../../protocol/words.ts';

interface CardProps {
	readonly title: string;
	/** Stands at the right of the title: a button, a figure. */
	readonly aside?: ComponentChildren;
	readonly children: ComponentChildren;
	readonly class?: string;
}

export function Card({ title, aside, children, class: extra = '' }: CardProps): JSX.Element {
	return (
		<section class={`card ${extra}`} aria-label={title}>
			<header class="card-head">
				<h2>{title}</h2>
				{aside}
			</header>
			{children}
		</section>
	);
}

/** The view's heading takes the focus when the view changes, so that a screen reader says where one is. */
export function ViewHead({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		document.title = `${title} · Innerloop`;
		if (document.activeElement === document.body || document.activeElement?.closest('nav') !== null) heading.current?.focus();
	}, [title]);
	return (
		<header class="view-head">
			<h1 tabIndex={-1} ref={heading}>
				{title}
			</h1>
			<div class="view-tools">{children}</div>
		</header>
	);
}

interface FigureProps {
	readonly label: string;
	readonly value: ComponentChildren;
	readonly note?: ComponentChildren;
	/** 0 to 1; draws a bar below. */
	readonly share?: number | undefined;
	readonly shareLabel?: string;
}

export function Figure({ label, value, note, share, shareLabel }: FigureProps): JSX.Element {
	return (
		<div class="figure">
			<div class="figure-label">{label}</div>
			<div class="figure-value">{value}</div>
			{share !== undefined && <Meter share={share} label={shareLabel ?? label} />}
			{note !== undefined && <div class="figure-note">{note}</div>}
		</div>
	);
}

/** Above four fifths it warns, at the whole it alarms; the figure beside it says the same in words. */
export function Meter({ share, label }: { readonly share: number; readonly label: string }): JSX.Element {
	const whole = Math.max(0, Math.min(1, share));
	const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'good';
	return (
		<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={`${label}: ${Math.round(whole * 100)} %`}>
			<rect class={`meter-fill ${tone}`} width={whole * 100} height={6} />
		</svg>
	);
}

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ComponentChildren }): JSX.Element {
	return <span class={`badge ${tone}`}>{children}</span>;
}

export function TierBadge({ tier }: { readonly tier: Tier | undefined }): JSX.Element | null {
	return tier === undefined ? null : <span class={`badge tier-${tier}`}>{tier}</span>;
}

/** Terms and what they stand for, side by side. */
export function Facts({ rows }: { readonly rows: readonly (readonly [term: string, value: ComponentChildren])[] }): JSX.Element {
	return (
		<dl class="facts">
			{rows.map(([term, value]) => (
				<div key={term}>
					<dt>{term}</dt>
					<dd>{value}</dd>
				</div>
			))}
		</dl>
	);
}

interface ScrollProps {
	readonly label: string;
	readonly children: ComponentChildren;
	readonly class?: string;
}

/** A part that scrolls by itself can be reached with the keyboard, or its end could not be read by it. */
export function Scroll({ label, children, class: extra = '' }: ScrollProps): JSX.Element {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: browsers do not focus every scrolling part by themselves, and WCAG 2.1.1 asks for a way.
		<section class={`scroll ${extra}`} tabIndex={0} aria-label={label}>
			{children}
		</section>
	);
}
