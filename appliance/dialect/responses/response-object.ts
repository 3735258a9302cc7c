/** Responses: the response object that whole answers are, and that a stream's first and last events hold. */

import type { Call } from '../../protocol/call.ts';
import type { FinishReason, Usage } from '../../protocol/stream.ts';
import type { Fields } from '../fields.ts';
import { statusOf } from './output-items.ts';
import { writeUsage } from './wire.ts';

export interface ResponseHead {
	readonly id: string;
	readonly model: string;
	/** Epoch seconds. */
	readonly createdAt: number;
	readonly outputCapTokens: number | undefined;
}

export function headOf(id: string, model: string, call: Call, wallMs: number): ResponseHead {
	return { id, model, createdAt: Math.floor(wallMs / 1000), outputCapTokens: call.outputCapTokens };
}

/** Fields that clients expect on every response. What the call asked for is not repeated: nobody reads it from here. */
function skeleton({ id, model, createdAt, outputCapTokens }: ResponseHead): Fields {
	return {
		id,
		object: 'response',
		created_at: createdAt,
		background: false,
		error: null,
		instructions: null,
		max_output_tokens: outputCapTokens ?? null,
		metadata: {},
		model,
		parallel_tool_calls: true,
		previous_response_id: null,
		reasoning: { effort: null, summary: null },
		service_tier: 'default',
		store: false,
		temperature: null,
		text: { format: { type: 'text' } },
		tool_choice: 'auto',
		tools: [],
		top_p: null,
		truncation: 'disabled',
		user: null,
	};
}

export function beganResponse(head: ResponseHead): Fields {
	return { ...skeleton(head), status: 'in_progress', incomplete_details: null, output: [], usage: null };
}

const INCOMPLETE_REASONS: Partial<Record<FinishReason, string>> = { length: 'max_output_tokens', refusal: 'content_filter' };

export function endedResponse(head: ResponseHead, output: readonly Fields[], finish: FinishReason, usage: Usage): Fields {
	const reason = INCOMPLETE_REASONS[finish];
	return {
		...skeleton(head),
		status: statusOf(finish),
		incomplete_details: reason === undefined ? null : { reason },
		output,
		usage: writeUsage(usage),
	};
}
