/** How a class of calls stands: it is local exactly while the lower bound of its agreement passes its bar. */

import type { EarnedClassSettings, EarnedPolicy, EarnedSettings, Standing, Verdict } from '../../protocol/earned.ts';
import { formatPercent } from '../../protocol/format-percent.ts';

/** One-sided 95 %. */
const Z = 1.6449;

/** Wilson's lower bound of a share (JASA 22, 1927): holds also near 0 and 1, and for few samples. */
export function wilsonLow(agreed: number, compared: number, z = Z): number {
	if (compared === 0) return 0;
	const share = agreed / compared;
	const z2 = (z * z) / compared;
	const middle = share + z2 / 2;
	const half = z * Math.sqrt((share * (1 - share)) / compared + z2 / (4 * compared));
	return Math.max(0, (middle - half) / (1 + z2));
}

const settingsOf = (className: string, { classes, usual }: EarnedSettings): EarnedClassSettings =>
	Object.hasOwn(classes, className) ? (classes[className] ?? usual) : usual;

/** @param verdicts the class's, oldest first */
export function standingOf(className: string, verdicts: readonly Verdict[], settings: EarnedSettings): Standing {
	const { bar, starts } = settingsOf(className, settings);
	const recent = verdicts.slice(-settings.window);
	const agreed = recent.filter((one) => one === 'agrees').length;
	const incomparable = recent.filter((one) => one === 'incomparable').length;
	const compared = recent.length - incomparable;
	const low = wilsonLow(agreed, compared);
	const why =
		starts === 'never'
			? 'never'
			: compared < settings.fewest
				? starts === 'local'
					? 'starts-local'
					: 'too-few'
				: low >= bar
					? 'earned'
					: 'below-bar';
	return { className, compared, agreed, incomparable, low, bar, isLocal: why === 'earned' || why === 'starts-local', why };
}

const SAID: Readonly<Record<Standing['why'], (standing: Standing) => string>> = {
	earned: () => '',
	'starts-local': () => '',
	never: () => 'the operator keeps it in the cloud',
	'too-few': ({ compared }) => `${compared} comparisons say too little`,
	'below-bar': ({ low, bar }) => `the lower bound of its agreement is ${formatPercent(low)}, and its bar ${formatPercent(bar)}`,
};

export function earnedPolicy(standing: (className: string) => Standing, { auditShare }: EarnedSettings): EarnedPolicy {
	return {
		refusalOf(className, random) {
			const one = standing(className);
			if (!one.isLocal)
				return { code: 'not-earned', text: `Calls of class ${className} have not earned to be answered here: ${SAID[one.why](one)}.` };
			if (random >= auditShare) return undefined;
			return { code: 'earned-audit', text: `The cloud answers this one, so that the evidence for class ${className} goes on.` };
		},
	};
}
