/** Fetches the clients that tests need, before they need them. */

import { installClaudeCode } from './claude-code.ts';

await installClaudeCode();
