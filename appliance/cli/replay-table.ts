/** How a comparison of policies on recorded traffic is printed. */

import { formatPercent } from '../protocol/format-percent.ts';
import type { ComparedPolicy, EligibleShare, TrafficComparison } from '../router/savings/compare-policies.ts';
import { formatUsd } from './money.ts';
import { table } from './terminal.ts';

const plural = (count: number, what: string): string => (count === 0 ? '' : `${count} ${what}`);

export function describeTraffic({ calls, policies, eligible, kinds, untold, paidNanoUsd }: TrafficComparison): string[] {
	const all = policies[0]?.costNanoUsd ?? 0;
	const counts = [
		plural(kinds.main, 'of main loops'),
		plural(kinds.subagent, 'of sub-agents'),
		plural(kinds.auxiliary, 'auxiliary'),
		plural(kinds.classifier, 'of a safety classifier'),
	].filter((text) => text !== '');
	return [
		`${calls} calls: ${counts.join(', ')}.${untold === 0 ? '' : ` What ${untold} of them were for is a guess.`}`,
		...(paidNanoUsd === undefined ? [] : [`Really paid: ${formatUsd(paidNanoUsd)}.`]),
		'',
		table(
			['POLICY', 'COST', 'INTERVAL', 'TIMES LESS', 'FRONTIER', 'MID', 'LOCAL', 'WAITING', 'BELIEVED QUALITY'],
			policies.map((policy) => row(policy, all)),
		),
		'',
		'The interval holds every reading of what the record does not say: the work of turns without a tool’s name, which growth',
		'was tool results, and how much the diet takes away. Waiting is as recorded but for the box’s own answers; quality is',
		'learning.usualQualityPercent of each tier. The bound has every digest of something read or run for nothing.',
		'',
		table(
			['COULD BE ANSWERED ON THE BOX', 'CALLS', 'OF THE BILL'],
			[
				eligibleRow('fits its window', eligible.window),
				eligibleRow('and in time, cache warm', eligible.deadlineWarm),
				eligibleRow('and in time, cache cold', eligible.deadlineCold),
				eligibleRow('(no warm cache to lose)', eligible.noCacheToLose),
			],
		),
	];
}

const eligibleRow = (what: string, { calls, costShare }: EligibleShare): string[] => [what, String(calls), formatPercent(costShare)];

function row({ policy, costNanoUsd, lowNanoUsd, highNanoUsd, tiers, waitMs, quality }: ComparedPolicy, all: number): string[] {
	const isKnown = lowNanoUsd === highNanoUsd;
	return [
		policy,
		formatUsd(costNanoUsd),
		isKnown ? 'exact' : `${formatUsd(lowNanoUsd)} to ${formatUsd(highNanoUsd)}`,
		costNanoUsd === 0 ? '-' : (all / costNanoUsd).toFixed(2),
		String(tiers.frontier),
		String(tiers.mid),
		String(tiers.local),
		`${(waitMs / 60_000).toFixed(1)} min`,
		formatPercent(quality),
	];
}
