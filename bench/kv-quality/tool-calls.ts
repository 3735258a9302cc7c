/** Whether a cache makes a model call other tools than with f16: greedy calls in an agent's transcript. */

import type { RunKvTool } from '../lib/kv-tools.ts';
import { type Figure, printTable } from '../lib/report.ts';
import { describeVariant } from './variants.ts';

export interface ToolCallPlan {
	readonly model: string;
	readonly transcript: string;
	/** Tokens. */
	readonly context: string;
	readonly calls: string;
	readonly threads: string;
	readonly variants: readonly string[];
}

interface Agreement {
	readonly variant: string;
	readonly calls: number;
	readonly same: number;
	readonly tokens: number;
	/** Before the first that differs, over all calls. */
	readonly sameTokens: number;
}

export async function compareToolCalls(run: RunKvTool, plan: ToolCallPlan): Promise<readonly Figure[]> {
	const { model, transcript, context, calls, threads, variants } = plan;
	const results = (await run('kv_tool_calls', [
		model,
		transcript,
		context,
		calls,
		threads,
		...variants,
	])) as unknown as readonly Agreement[];
	console.log(`\ngreedy tool calls at up to ${context} tokens that are f16's`);
	printTable(
		['cache', 'rotated', 'keys', 'same calls', 'tokens before a difference'],
		results.map((each) => [...describeVariant(each.variant), `${each.same} of ${each.calls}`, `${each.sameTokens} of ${each.tokens}`]),
	);
	return results.map(({ variant, same, calls: all }) => ({
		name: `tools/${context}/${variant}/same-calls`,
		value: (same / all) * 100,
		unit: '%',
	}));
}
