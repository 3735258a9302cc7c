/** How the local model's time estimates tell prompts apart. */

import type { Call } from '../protocol/call.ts';
import type { Key } from '../protocol/member.ts';
import type { PromptMark } from '../router/local-times.ts';

/** Without a session id the first words of the user tell conversations apart. */
export function localMark({ memberId }: Key, { signals }: Call): PromptMark {
	const { sessionId, agentId, firstUserDigest, prefixDigest } = signals;
	return { memberId, session: `${sessionId ?? firstUserDigest}/${agentId ?? ''}`, prefixDigest };
}
