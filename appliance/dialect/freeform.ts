/** A freeform tool where a target knows functions alone: a function of one string, and its input taken out of the JSON again. */

import type { FreeformTool, JsonSchema, ToolDefinition } from '../protocol/conversation.ts';
import { isFields } from './fields.ts';

const FIELD = 'input';

/** The grammar is told in words; nothing holds the model to it. */
export function asFunction({ name, description, grammar }: FreeformTool): ToolDefinition {
	const rule = grammar === undefined ? '' : `\n\nThe input must follow this ${grammar.syntax} grammar:\n${grammar.definition}`;
	const inputSchema: JsonSchema = {
		type: 'object',
		properties: { [FIELD]: { type: 'string', description: 'The whole input, as plain text.' } },
		required: [FIELD],
		additionalProperties: false,
	};
	return { name, description: description + rule, inputSchema };
}

export function asFunctionInput(text: string): { readonly [FIELD]: string } {
	return { [FIELD]: text };
}

/** The text that a function call of ours carries; whatever else the model wrote is the text itself. */
export function freeformText(json: string): string {
	try {
		const value: unknown = JSON.parse(json);
		if (isFields(value) && typeof value[FIELD] === 'string') return value[FIELD];
	} catch {
		// A model that wrote the text alone.
	}
	return json;
}
