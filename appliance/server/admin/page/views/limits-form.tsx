/** Budgets and rules of a member, as fields and as the box takes them. */

import type { JSX } from 'preact';
import type { MemberChangeRequest } from '../../../../protocol/admin.ts';
import type { Member } from '../../../../protocol/ports.ts';
import { TIERS, type Tier } from '../../../../protocol/words.ts';
import { Field, numberIn, type Values } from '../ui/form.tsx';

export function LimitsForm({ member: { dayNanoUsd, monthNanoUsd, rules = {} } }: { readonly member: Member }): JSX.Element {
	return (
		<>
			<div class="fields">
				<Dollars name="dayUsd" label="Budget a day" value={dayNanoUsd} />
				<Dollars name="monthUsd" label="Budget a month" value={monthNanoUsd} />
				<Count name="requestsPerMinute" label="Calls a minute" value={rules.requestsPerMinute} />
				<Count name="parallelCalls" label="Calls at once" value={rules.parallelCalls} />
			</div>
			<TierChecks allowed={rules.allowedTiers ?? TIERS} />
			<Check name="isLocalOnly" isOn={rules.isLocalOnly === true} label="Text never leaves the box: its own model answers, or nobody" />
			<Check name="neverBelowAsked" isOn={rules.neverBelowAsked === true} label="Never a lesser model than the one that is asked for" />
		</>
	);
}

export function Dollars({
	name,
	label,
	value,
}: {
	readonly name: string;
	readonly label: string;
	readonly value?: number | undefined;
}): JSX.Element {
	return (
		<Field label={`${label}, $`} hint="empty: none of its own">
			{(control) => (
				<input
					{...control}
					name={name}
					type="number"
					min={0}
					step="any"
					inputMode="decimal"
					defaultValue={value === undefined ? '' : value / 1e9}
				/>
			)}
		</Field>
	);
}

function Count({ name, label, value }: { readonly name: string; readonly label: string; readonly value: number | undefined }): JSX.Element {
	return (
		<Field label={label} hint="empty: not limited here">
			{(control) => <input {...control} name={name} type="number" min={1} step={1} inputMode="numeric" defaultValue={value ?? ''} />}
		</Field>
	);
}

export function TierChecks({ allowed }: { readonly allowed: readonly Tier[] }): JSX.Element {
	return (
		<fieldset class="tier-checks">
			<legend>Tiers</legend>
			{TIERS.map((tier) => (
				<Check key={tier} name={`tier-${tier}`} isOn={allowed.includes(tier)} label={tier} />
			))}
		</fieldset>
	);
}

export function Check({ name, isOn, label }: { readonly name: string; readonly isOn: boolean; readonly label: string }): JSX.Element {
	return (
		<label class="check">
			<input type="checkbox" name={name} defaultChecked={isOn} />
			<span>{label}</span>
		</label>
	);
}

/** The tiers that are ticked; at least one has to be. */
export function tiersIn(values: Values): readonly Tier[] {
	const ticked = TIERS.filter((tier) => values[`tier-${tier}`] !== undefined);
	if (ticked.length === 0) throw new Error('Tick at least one tier.');
	return ticked;
}

/** Null takes away what is left empty. */
export function limitsBody(values: Values): MemberChangeRequest {
	const tiers = tiersIn(values);
	return {
		dayUsd: numberIn(values, 'dayUsd') ?? null,
		monthUsd: numberIn(values, 'monthUsd') ?? null,
		requestsPerMinute: numberIn(values, 'requestsPerMinute') ?? null,
		parallelCalls: numberIn(values, 'parallelCalls') ?? null,
		allowedTiers: tiers.length === TIERS.length ? null : tiers,
		isLocalOnly: values.isLocalOnly !== undefined,
		neverBelowAsked: values.neverBelowAsked !== undefined,
	};
}
