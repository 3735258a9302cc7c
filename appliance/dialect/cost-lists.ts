/** The closed list of cost-bearing fields of every dialect. */

import type { DialectName } from '../protocol/words.ts';
import { COST_FIELDS as ANTHROPIC } from './anthropic/cost-fields.ts';
import { COST_FIELDS as CHAT_COMPLETIONS } from './chat-completions/cost-fields.ts';
import type { CostFields } from './cost-fields.ts';
import { COST_FIELDS as RESPONSES } from './responses/cost-fields.ts';

export const COST_LISTS = { anthropic: ANTHROPIC, 'chat-completions': CHAT_COMPLETIONS, responses: RESPONSES } as const satisfies Record<
	DialectName,
	CostFields
>;
