/** Chooses the tool syntax and the thinking marks by what a model's chat template writes. */

import type { ChatTemplate } from '../prompt/chat-template.ts';
import { genericSyntax } from './generic-syntax.ts';
import type { ToolSyntax } from './tool-syntax.ts';

export function syntaxFor(_template: ChatTemplate): ToolSyntax {
	return genericSyntax;
}

export function thinkingMarksFor(template: string): { readonly open: string; readonly close: string } | undefined {
	if (template.includes('<|channel>thought\\n')) return { open: '<|channel>thought\n', close: '<channel|>' };
	if (template.includes('</think>')) return { open: '<think>', close: '</think>' };
	return undefined;
}
