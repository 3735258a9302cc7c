/** Every wire language that the box speaks, by name. */

import type { Dialect } from '../protocol/ports.ts';
import type { DialectName } from '../protocol/words.ts';
import { anthropic } from './anthropic/anthropic.ts';
import { chatCompletions } from './chat-completions/chat-completions.ts';
import { responses } from './responses/responses.ts';

export const DIALECTS_BY_NAME: Readonly<Record<DialectName, Dialect>> = {
	anthropic,
	'chat-completions': chatCompletions,
	responses,
};
