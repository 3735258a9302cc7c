/** Responses: takes out of a caller's own bytes what another vendor's turns have left in them. */

import { rewriteMessages } from '../rewrite-messages.ts';
import { isSealed, SEAL_MARK } from '../sealed-native.ts';

/** Without this text in a body there is nothing to take out of it. */
export const FOREIGN_MARKS: readonly string[] = [SEAL_MARK];

export function fitBody(body: Uint8Array): Uint8Array {
	return rewriteMessages(body, 'input', (item) => (isSealed(item.encrypted_content) ? undefined : item));
}
