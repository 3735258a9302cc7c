/** Responses: takes out of a caller's own bytes what another vendor's turns have left in them. */

import type { Call } from '../../protocol/call.ts';
import { rewriteMessages } from '../rewrite-messages.ts';
import { isSealed } from '../sealed-native.ts';

export function fitBody(body: Uint8Array, { hasForeign = false }: Pick<Call, 'hasForeign'>): Uint8Array {
	return hasForeign ? rewriteMessages(body, 'input', (item) => (isSealed(item.encrypted_content) ? undefined : item)) : body;
}
