/** Chooses the tool syntax and the thinking marks by what a model's chat template writes. */

import type { ChatTemplate } from '../prompt/chat-template.ts';
import { gemmaSyntax } from './gemma-syntax.ts';
import { genericSyntax } from './generic-syntax.ts';
import { taggedSyntax } from './tagged-syntax.ts';
import type { ToolSyntax } from './tool-syntax.ts';

/** A template whose way of writing calls is not known here gets the generic block, as if it knew no tools. */
export function syntaxFor({ source, abilities }: Pick<ChatTemplate, 'source' | 'abilities'>): ToolSyntax {
	if (!abilities.hasTools) return genericSyntax;
	if (source.includes('<|tool_call>call:')) return gemmaSyntax;
	return source.includes('<tool_call>') && source.includes('arguments') ? taggedSyntax : genericSyntax;
}

export function thinkingMarksFor(template: string): { readonly open: string; readonly close: string } | undefined {
	if (template.includes('<|channel>thought\\n')) return { open: '<|channel>thought\n', close: '<channel|>' };
	if (template.includes('</think>')) return { open: '<think>', close: '</think>' };
	return undefined;
}
