/** Gathers what a target has no words for while a call is encoded: each kind once, or a refusal where leaving out would be a lie. */

import type { Conversation, Loss, Native } from '../protocol/conversation.ts';
import type { CallTarget } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import type { DialectName } from '../protocol/words.ts';

export class Losses {
	private readonly byCode = new Map<string, Loss>();

	/** `code` without its `loss-`. */
	add(code: string, text: string): void {
		if (!this.byCode.has(code)) this.byCode.set(code, { code: `loss-${code}`, text });
	}

	list(): readonly Loss[] {
		return [...this.byCode.values()];
	}
}

/** The caller counts on it, so another deployment has to answer, or nobody. */
export function cannotExpress(what: string, target: CallTarget): never {
	throw new Problem('not-expressible', `${what} cannot be passed to ${target.model}. Leave it out, or ask a model that takes it.`, {
		details: { model: target.model },
	});
}

/** Has this target made it, as far as one can tell? */
export function isOwn(native: Native | undefined, dialect: DialectName, { vendor }: CallTarget): native is Native {
	return native?.dialect === dialect && (native.vendor === undefined || vendor === undefined || native.vendor === vendor);
}

const NAMES_LISTED = 8;

/** Fields that the internal form has no place for, and tools that only their own vendor runs. */
export function noteUntold(conversation: Conversation, target: CallTarget, losses: Losses): void {
	const { vendorTools = [], otherFields = [] } = conversation;
	if (vendorTools.length > 0)
		cannotExpress(`A tool that its own vendor defines (${vendorTools.slice(0, NAMES_LISTED).join(', ')})`, target);
	if (otherFields.length === 0) return;
	const names = otherFields.slice(0, NAMES_LISTED).map((name) => name.slice(0, 64).replace(/[^\x20-\x7e]/g, '?'));
	losses.add('fields', `Fields that only the caller's dialect has are left out: ${names.join(', ')}.`);
}
