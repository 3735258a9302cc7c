/** The rules of a member or a key as options of a command. */

import type { AccessRules, RulesChange } from '../protocol/member.ts';
import { TIERS, type Tier } from '../protocol/words.ts';
import { UsageError } from './command.ts';

export const RULE_OPTIONS = {
	'local-only': { type: 'string', value: 'yes|no', help: 'Their text never leaves the box: it answers itself, or nobody does.' },
	'never-below-asked': { type: 'string', value: 'yes|no', help: 'A named model is never replaced by a lesser one.' },
	deployments: { type: 'string', value: 'LIST', help: 'Only these deployments may be used; all lifts it.' },
	'requests-per-minute': { type: 'string', value: 'N', help: 'Most requests a minute; none lifts it.' },
	'parallel-calls': { type: 'string', value: 'N', help: 'Most calls at once; none lifts it.' },
} as const;

type RuleValues = { readonly [name in keyof typeof RULE_OPTIONS]?: string | undefined };

/** Only what was given. @throws UsageError */
export function parseRules(values: RuleValues): Omit<RulesChange, 'allowedTiers'> {
	return {
		...given('isLocalOnly', values['local-only'], yesOrNo('--local-only')),
		...given('neverBelowAsked', values['never-below-asked'], yesOrNo('--never-below-asked')),
		...given('allowedDeployments', values.deployments, (text) => (text === 'all' ? null : words(text, '--deployments'))),
		...given('requestsPerMinute', values['requests-per-minute'], countOrNone('--requests-per-minute')),
		...given('parallelCalls', values['parallel-calls'], countOrNone('--parallel-calls')),
	};
}

/** @throws UsageError */
export function parseTiers(text: string): Tier[] {
	const tiers = words(text, '--tiers');
	const wrong = tiers.find((word) => !(TIERS as readonly string[]).includes(word));
	if (wrong !== undefined) throw new UsageError(`${JSON.stringify(wrong)} is no tier. Tiers: ${TIERS.join(', ')}.`);
	return tiers as Tier[];
}

/** `local only, tiers local mid`; a dash where there are none. */
export function describeRules({ isLocalOnly, neverBelowAsked, ...rules }: AccessRules = {}): string {
	const list = (name: string, items: readonly string[] | undefined) => items && `${name} ${items.join(' ')}`;
	const said = [
		isLocalOnly && 'local only',
		neverBelowAsked && 'never below asked',
		list('tiers', rules.allowedTiers),
		list('deployments', rules.allowedDeployments),
		rules.requestsPerMinute && `${rules.requestsPerMinute} requests a minute`,
		rules.parallelCalls && `${rules.parallelCalls} calls at once`,
	];
	return said.filter((one) => typeof one === 'string').join(', ') || '-';
}

const given = <T>(name: string, text: string | undefined, parse: (text: string) => T) =>
	text === undefined ? {} : { [name]: parse(text) };

const yesOrNo = (option: string) => (text: string) => {
	if (text === 'yes' || text === 'no') return text === 'yes';
	throw new UsageError(`${option} is yes or no; not ${JSON.stringify(text)}.`);
};

const countOrNone = (option: string) => (text: string) => {
	if (text === 'none') return null;
	if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
	throw new UsageError(`${option} takes a whole number from 1, or none; not ${JSON.stringify(text)}.`);
};

function words(text: string, option: string): string[] {
	const list = text.split(',').map((word) => word.trim());
	if (list.includes('')) throw new UsageError(`${option} takes words with commas between; not ${JSON.stringify(text)}.`);
	return list;
}
