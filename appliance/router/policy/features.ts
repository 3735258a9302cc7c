/**
 * What the bandit knows of a call: figures of its shape, from what the client says and offers. No word of its prompt is
 * read, so a decision takes the same time for any length, and nothing of a text is kept.
 */

import type { Call } from '../../protocol/call.ts';
import type { Role } from '../../protocol/words.ts';
import { isActingTool, isReadTool, isWriteTool } from '../tools.ts';

/** Of this list of figures, in this order. */
export const FEATURES = 'call-shape-1';

const flag = (is: boolean): number => (is ? 1 : 0);
/** 0 for nothing, 1 for `most` and beyond, on a logarithm. */
const size = (value: number, most: number): number => Math.min(1, Math.log1p(Math.max(0, value)) / Math.log1p(most));

/** Each between 0 and 1, the last the constant 1. Shape [FEATURE_COUNT]. */
export function featuresOf({ signals, size: { bodyBytes }, outputCapTokens, modalities }: Call, role: Role): Float64Array {
	const { toolNames, answeredToolNames } = signals;
	return Float64Array.of(
		flag(role === 'outer'),
		flag(role === 'inner'),
		flag(signals.isSubagent),
		flag(signals.purpose !== undefined),
		flag(signals.client.name === 'unknown'),
		flag(toolNames.length > 0),
		flag(toolNames.some(isWriteTool)),
		flag(toolNames.some(isActingTool)),
		flag(answeredToolNames.some(isReadTool)),
		flag(answeredToolNames.some(isActingTool)),
		flag(signals.hasStructuredOutput),
		flag(modalities.length > 1),
		size(bodyBytes, 4_000_000),
		size(signals.messageCount, 1_000),
		size(signals.userTurnCount, 100),
		size(outputCapTokens ?? 128_000, 128_000),
		1,
	);
}

export const FEATURE_COUNT = 17;
