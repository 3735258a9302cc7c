/** The difference of two small texts, as `diff -u` shows it, with secrets covered. */

const CONTEXT = 3;

interface Step {
	readonly sign: ' ' | '-' | '+';
	readonly line: string;
}

/** Empty when nothing differs. @param secrets shown by their first letters alone */
export function unifiedDiff(name: string, before: string, after: string, secrets: readonly string[]): string {
	const steps = compare(linesOf(before), linesOf(after));
	const changed = steps.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
	if (changed.length === 0) return '';
	const isNear = (index: number) => changed.some((at) => Math.abs(at - index) <= CONTEXT);
	const lines = [`--- ${name}`, `+++ ${name}`];
	steps.forEach(({ sign, line }, index) => {
		if (isNear(index)) lines.push(...(index > 0 && !isNear(index - 1) ? ['@@'] : []), `${sign}${line}`);
	});
	return secrets.reduce((text, secret) => text.replaceAll(secret, `${secret.slice(0, 6)}…`), lines.join('\n'));
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** By the longest common subsequence: settings are short. */
function compare(before: readonly string[], after: readonly string[]): Step[] {
	const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
	const at = (row: number, column: number) => lengths[row]?.[column] ?? 0;
	for (let row = before.length - 1; row >= 0; row -= 1) {
		for (let column = after.length - 1; column >= 0; column -= 1) {
			const isEqual = before[row] === after[column];
			(lengths[row] as Uint32Array)[column] = isEqual ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
		}
	}
	const steps: Step[] = [];
	let row = 0;
	let column = 0;
	while (row < before.length || column < after.length) {
		const [old, fresh] = [before[row], after[column]];
		if (old !== undefined && old === fresh) {
			steps.push({ sign: ' ', line: old });
			row += 1;
			column += 1;
		} else if (fresh === undefined || (old !== undefined && at(row + 1, column) >= at(row, column + 1))) {
			steps.push({ sign: '-', line: old ?? '' });
			row += 1;
		} else {
			steps.push({ sign: '+', line: fresh });
			column += 1;
		}
	}
	return steps;
}
