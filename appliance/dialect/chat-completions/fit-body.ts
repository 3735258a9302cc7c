/** Chat Completions: fits a caller's own bytes to the ways of one vendor, where another one's turns or words stand in them. */

import type { Call } from '../../protocol/call.ts';
import type { Vendor } from '../../protocol/words.ts';
import { type Fields, isFields } from '../fields.ts';
import { rewriteMessages } from '../rewrite-messages.ts';
import type { Edit } from '../splice.ts';
import { FOREIGN_CALL } from './native.ts';
import { rulesOf, type VendorRules } from './vendors.ts';

/** Nobody's ways in particular: the bytes stay. OpenAI's are the dialect's, so only what others have added can be too much. */
export function fitBody(body: Uint8Array, { hasForeign = false }: Pick<Call, 'hasForeign'>, vendor: Vendor | undefined): Uint8Array {
	if (vendor === undefined || (vendor === 'openai' && !hasForeign)) return body;
	const rules = rulesOf(vendor);
	return rewriteMessages(
		body,
		'messages',
		(message) => fitMessage(message, rules),
		(field) => {
			const cap = rules.capField === 'max_tokens' && field('max_tokens') === undefined ? field('max_completion_tokens') : undefined;
			return cap === undefined ? [] : [renamedCap(body, cap.start, cap.end)];
		},
	);
}

const decoder = new TextDecoder();

/** The newer name stays, since a repeated field would be one too many; the older one is put in behind it. */
function renamedCap(body: Uint8Array, start: number, end: number): Edit {
	const value = decoder.decode(body.subarray(start, end));
	return { start, end, text: `${value},"max_tokens":${value}` };
}

function fitMessage(message: Fields, rules: VendorRules): Fields {
	const role = message.role === 'developer' && !rules.hasDeveloperRole ? { role: 'system' } : {};
	const changes = { ...role, ...(message.role === 'assistant' ? fitAssistant(message, rules) : {}) };
	if (Object.keys(changes).length === 0) return message;
	return Object.fromEntries(Object.entries({ ...message, ...changes }).filter(([, value]) => value !== undefined));
}

function fitAssistant(message: Fields, rules: VendorRules): Fields {
	const calls: readonly unknown[] = Array.isArray(message.tool_calls) ? message.tool_calls : [];
	const fitted = calls.map((call) => (isFields(call) ? fitCall(call, rules) : call));
	const changed = fitted.some((call, index) => call !== calls[index]) ? { tool_calls: fitted } : {};
	const hasReasoning = message.reasoning_content !== undefined;
	if (rules.reasoningContent === 'never' && hasReasoning) return { ...changed, reasoning_content: undefined };
	return rules.reasoningContent === 'always' && calls.length > 0 && !hasReasoning ? { ...changed, reasoning_content: '' } : changed;
}

function fitCall(call: Fields, { hasThoughtSignatures }: VendorRules): Fields {
	const hasExtra = call.extra_content !== undefined;
	if (hasThoughtSignatures) return hasExtra ? call : { ...call, extra_content: FOREIGN_CALL };
	if (!hasExtra) return call;
	const { extra_content: _, ...rest } = call;
	return rest;
}
