/** Chat Completions: in what its vendors differ, each from its own public reference (2026-11). */

import type { Vendor } from '../../protocol/words.ts';

export interface VendorRules {
	/** The field that caps the output; DeepSeek reads only the older name. */
	readonly capField: 'max_completion_tokens' | 'max_tokens';
	readonly hasDeveloperRole: boolean;
	/** Freeform tools (`type: custom`). */
	readonly hasFreeformTools: boolean;
	/** `json_schema` as a form of answer; DeepSeek knows `json_object` alone. */
	readonly hasSchema: boolean;
	readonly hasParallelFlag: boolean;
	/** `prompt_cache_key`, `verbosity`. */
	readonly hasOpenAiFields: boolean;
	readonly efforts: readonly string[];
	/**
	 * `always`: every turn with tool calls must carry its `reasoning_content`, an empty one too, or the vendor answers 400.
	 * `never`: the vendor refuses the field.
	 */
	readonly reasoningContent: 'always' | 'own' | 'never';
	/** Calls carry a thought signature; the vendor answers 400 to calls of the current turn without one. */
	readonly hasThoughtSignatures: boolean;
	readonly hasFiles: boolean;
}

const PLAIN: VendorRules = {
	capField: 'max_completion_tokens',
	hasDeveloperRole: false,
	hasFreeformTools: false,
	hasSchema: true,
	hasParallelFlag: true,
	hasOpenAiFields: false,
	efforts: ['low', 'medium', 'high'],
	reasoningContent: 'own',
	hasThoughtSignatures: false,
	hasFiles: true,
};

const RULES: Readonly<Partial<Record<Vendor, VendorRules>>> = {
	openai: {
		...PLAIN,
		hasDeveloperRole: true,
		hasFreeformTools: true,
		hasOpenAiFields: true,
		efforts: ['minimal', 'low', 'medium', 'high', 'xhigh'],
		reasoningContent: 'never',
	},
	gemini: {
		...PLAIN,
		efforts: ['minimal', 'low', 'medium', 'high'],
		reasoningContent: 'never',
		hasThoughtSignatures: true,
		hasFiles: false,
	},
	deepseek: {
		...PLAIN,
		capField: 'max_tokens',
		hasSchema: false,
		hasParallelFlag: false,
		efforts: ['low', 'high', 'max'],
		reasoningContent: 'always',
		hasFiles: false,
	},
};

/** A server that nobody named a vendor for is taken to know what most servers of open models know. */
export function rulesOf(vendor: Vendor | undefined): VendorRules {
	return (vendor === undefined ? undefined : RULES[vendor]) ?? PLAIN;
}
