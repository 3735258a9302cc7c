/** Small repositories with one defect each, made from a seed: modules, tests with a talkative log, and the fix that an oracle knows. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mulberry32 } from '../../test/support/mulberry32.ts';

export interface Task {
	readonly name: string;
	/** Path → text. */
	readonly files: Readonly<Record<string, string>>;
	/** The function that the failing test names. */
	readonly symbol: string;
	readonly path: string;
	/** The defect as it stands in the file, and what has to stand there. */
	readonly bad: string;
	readonly good: string;
	/** What somebody less able tries first. */
	readonly wrong: string;
}

interface Defect {
	readonly name: string;
	readonly good: string;
	readonly bad: string;
	readonly wrong: string;
	/** Arguments and the value that the right function gives. */
	readonly check: readonly [args: string, expected: string];
	readonly parameters: string;
	readonly before?: string;
	readonly after: string;
}

const DEFECTS: readonly Defect[] = [
	{
		name: 'sum-to',
		parameters: 'limit',
		before: 'let total = 0;',
		good: 'for (let step = 1; step <= limit; step += 1) total += step;',
		bad: 'for (let step = 1; step < limit; step += 1) total += step;',
		wrong: 'for (let step = 0; step < limit; step += 1) total += step;',
		after: 'return total;',
		check: ['10', '55'],
	},
	{
		name: 'with-tax',
		parameters: 'cents, percent',
		good: 'const tax = Math.round((cents * percent) / 100);',
		bad: 'const tax = Math.round(cents * percent);',
		wrong: 'const tax = Math.floor(cents * percent);',
		after: 'return cents + tax;',
		check: ['1999, 19', '2379'],
	},
	{
		name: 'newest-first',
		parameters: 'entries',
		good: 'const sorted = [...entries].sort((a, b) => b.at - a.at);',
		bad: 'const sorted = [...entries].sort((a, b) => a.at - b.at);',
		wrong: 'const sorted = [...entries].reverse().sort((a, b) => a.at - b.at);',
		after: 'return sorted.map((entry) => entry.at);',
		check: ['[{ at: 2 }, { at: 9 }, { at: 4 }]', '[9, 4, 2]'],
	},
	{
		name: 'full-name',
		parameters: 'person',
		good: "const middle = person.middle === undefined ? '' : person.middle + ' ';",
		bad: "const middle = person.middle + ' ';",
		wrong: "const middle = String(person.middle) + ' ';",
		after: "return person.first + ' ' + middle + person.last;",
		check: ["{ first: 'Ada', last: 'Byron' }", "'Ada Byron'"],
	},
	{
		name: 'page-count',
		parameters: 'items, size',
		good: 'const pages = Math.ceil(items / size);',
		bad: 'const pages = Math.floor(items / size);',
		wrong: 'const pages = Math.round(items / size);',
		after: 'return pages;',
		check: ['41, 10', '5'],
	},
	{
		name: 'is-weekend',
		parameters: 'day',
		good: 'const isFree = day === 0 || day === 6;',
		bad: 'const isFree = day === 0 && day === 6;',
		wrong: 'const isFree = day === 6;',
		after: 'return isFree;',
		check: ['0', 'true'],
	},
];

const WORDS = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'harbor', 'iris', 'juniper', 'kelp', 'lumen'];
const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Tests of the modules beside the defect's; each writes a line. */
const QUIET_TESTS = 240;

function moduleOf(word: string, count: number, body: string): string {
	const fillers = Array.from({ length: count }, (_, index) => {
		const name = `${word}Step${index}`;
		return `/** Step ${index} of ${word}: scales its input and keeps it in bounds. */\nexport function ${name}(value) {\n\tconst scaled = value * ${index + 2};\n\treturn Math.max(0, Math.min(${(index + 1) * 1_000}, scaled));\n}\n`;
	});
	return `// ${word}: part of the example.\n\n${fillers.join('\n')}\n${body}`;
}

function testProgram(symbol: string, path: string, [args, expected]: Defect['check'], quiet: readonly string[]): string {
	return `import { deepStrictEqual } from 'node:assert';
import { ${symbol} } from './${path}';

const quiet = ${JSON.stringify(quiet)};
let failed = 0;
for (let part = 0; part <= 100; part += 4) console.log(\`collecting tests \${part}% [\${'#'.repeat(part / 4 + 1)}]\`);
for (let number = 0; number < ${QUIET_TESTS}; number += 1) {
	const name = quiet[number % quiet.length];
	console.log(\`ok \${number + 1} - \${name} keeps its bounds for case \${number} (\${(number * 7) % 13} ms)\`);
	if (number === ${QUIET_TESTS / 2}) {
		try {
			deepStrictEqual(${symbol}(${args}), ${expected});
			console.log('ok - ${symbol} gives what it should');
		} catch (error) {
			failed += 1;
			console.log('FAIL ${symbol}: ' + error.message.split('\\n')[0]);
			console.log('    ${symbol}(${args.replaceAll("'", '"')}) is not ${expected.replaceAll("'", '"')}');
		}
	}
}
console.log(failed === 0 ? 'all tests passed' : failed + ' of ${QUIET_TESTS + 1} tests failed');
process.exitCode = failed === 0 ? 0 : 1;
`;
}

export function makeTask(seed: number): Task {
	const random = mulberry32(seed + 1);
	const defect = DEFECTS[seed % DEFECTS.length] as Defect;
	const words = [...WORDS].sort(() => random() - 0.5).slice(0, 8);
	const [home = 'amber'] = words;
	const symbol = `${camel(defect.name)}${seed}`;
	const path = `src-${home}.mjs`;
	const before = defect.before === undefined ? '' : `\t${defect.before}\n`;
	const body = `/** ${defect.name.replaceAll('-', ' ')}. */\nexport function ${symbol}(${defect.parameters}) {\n${before}\t${defect.bad}\n\t${defect.after}\n}\n`;
	const modules = words.map((word): [string, string] => [
		`src-${word}.mjs`,
		moduleOf(word, 12 + Math.floor(random() * 20), word === home ? body : ''),
	]);
	return {
		name: `${defect.name}-${seed}`,
		symbol,
		path,
		bad: defect.bad,
		good: defect.good,
		wrong: defect.wrong,
		files: {
			...Object.fromEntries(modules),
			'run-tests.mjs': testProgram(symbol, path, defect.check, words),
			'package.json': JSON.stringify({ name: 'example', private: true, type: 'module', scripts: { test: 'node run-tests.mjs' } }, null, 2),
		},
	};
}

export function writeTask(folder: string, { files }: Pick<Task, 'files'>): void {
	mkdirSync(folder, { recursive: true });
	for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
}
