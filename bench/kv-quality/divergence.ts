/** KL divergence of each way to keep a cache from f16, on one text at one length. */

import type { RunKvTool } from '../lib/kv-tools.ts';
import { type Figure, printTable } from '../lib/report.ts';
import { describeVariant, YARDSTICK } from './variants.ts';

export interface DivergencePlan {
	/** Begins the names of its figures. */
	readonly name: string;
	readonly model: string;
	readonly text: string;
	/** Tokens of a chunk; its second half counts. */
	readonly context: string;
	readonly chunks: string;
	readonly threads: string;
	readonly variants: readonly string[];
}

interface Quality {
	readonly variant: string;
	readonly meanKld: number;
	readonly standardError: number;
	readonly kld999: number;
	readonly sameTop: number;
	/** Paired with the first variant, token by token. */
	readonly minusFirst: number;
	readonly minusFirstError: number;
}

export async function compareDivergence(run: RunKvTool, plan: DivergencePlan): Promise<readonly Figure[]> {
	const { name, model, text, context, chunks, threads } = plan;
	// First, so that the differences are from it.
	const variants = plan.variants.includes(YARDSTICK) ? [YARDSTICK, ...plan.variants.filter((each) => each !== YARDSTICK)] : plan.variants;
	const results = (await run('kv_quality', [model, text, context, chunks, threads, ...variants])) as unknown as readonly Quality[];
	const [first] = results;
	if (first === undefined) return [];
	console.log(`\n${name}, ${context} tokens × ${chunks}`);
	const header = ['cache', 'rotated', 'keys', 'mean KLD', '± s. e.', '99.9 %', 'same top'];
	const against = [`of ${first.variant}'s`, `minus ${first.variant}'s`, '± s. e.'];
	printTable(
		[...header, ...against],
		results.map((each) => rowOf(each, first)),
	);
	return results.flatMap((each) => figuresOf(`${name}/${context}/${each.variant}`, each, first));
}

function rowOf(each: Quality, first: Quality): readonly string[] {
	const { variant, meanKld, standardError, kld999, sameTop, minusFirst, minusFirstError } = each;
	const numbers = [meanKld.toFixed(4), standardError.toFixed(4), kld999.toFixed(3), `${(sameTop * 100).toFixed(1)} %`];
	const against = [(meanKld / first.meanKld).toFixed(2), minusFirst.toFixed(4), minusFirstError.toFixed(4)];
	return [...describeVariant(variant), ...numbers, ...against];
}

function figuresOf(name: string, each: Quality, first: Quality): readonly Figure[] {
	return [
		{ name: `${name}/mean-kld`, value: each.meanKld, unit: 'nats' },
		{ name: `${name}/mean-kld-error`, value: each.standardError, unit: 'nats' },
		{ name: `${name}/of-${first.variant}`, value: each.meanKld / first.meanKld, unit: '×' },
		{ name: `${name}/minus-${first.variant}`, value: each.minusFirst, unit: 'nats' },
		{ name: `${name}/minus-${first.variant}-error`, value: each.minusFirstError, unit: 'nats' },
		{ name: `${name}/kld-99.9`, value: each.kld999, unit: 'nats' },
		{ name: `${name}/same-top`, value: each.sameTop * 100, unit: '%' },
	];
}
