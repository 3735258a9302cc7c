/** Chat Completions: writes the turns, with tool results as messages of their own. */

import type { Content, Conversation, JsonValue, Message } from '../../protocol/conversation.ts';
import type { CallTarget } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import { asFunctionInput } from '../freeform.ts';
import { isOwn, type Losses } from '../losses.ts';
import { SHORT_NAMES, WireNames } from '../wire-names.ts';
import { encodeMedia } from './encode-media.ts';
import { encodeCall } from './encode-reply.ts';
import { FOREIGN_CALL } from './native.ts';
import type { VendorRules } from './vendors.ts';

type Of<Type extends Content['type']> = Extract<Content, { type: Type }>;

const FOREIGN_TEXT = 'Reasoning of another vendor in the history is left out: only its maker can read it.';

export function encodeMessages(
	{ messages }: Conversation,
	target: CallTarget,
	rules: VendorRules,
	losses: Losses,
	names: WireNames,
): readonly Fields[] {
	const writer = new Writer(target, rules, losses, names);
	return messages.flatMap((message) => writer.message(message));
}

class Writer {
	private readonly target: CallTarget;
	private readonly rules: VendorRules;
	private readonly losses: Losses;
	private readonly names: WireNames;
	private readonly ids = new WireNames(SHORT_NAMES);

	constructor(target: CallTarget, rules: VendorRules, losses: Losses, names: WireNames) {
		this.target = target;
		this.rules = rules;
		this.losses = losses;
		this.names = names;
	}

	message({ role, isDeveloper, content }: Message): Fields[] {
		if (role === 'assistant') return this.assistant(content);
		if (role === 'user') return this.user(content);
		const text = joined(content);
		return text === '' ? [] : [{ role: isDeveloper && this.rules.hasDeveloperRole ? 'developer' : 'system', content: text }];
	}

	/** Results come first, since they must follow their calls at once; media in them go into the words behind. */
	private user(content: readonly Content[]): Fields[] {
		const results = content.filter((one) => one.type === 'tool-result');
		const rest = content.filter((one) => one.type !== 'tool-result');
		const moved = results.flatMap((result) => this.movedMedia(result));
		const parts = this.parts([...moved, ...rest]);
		return [...results.map((result) => this.result(result)), ...(parts.length === 0 ? [] : [{ role: 'user', content: plain(parts) }])];
	}

	private result({ callId, isError, content }: Of<'tool-result'>): Fields {
		const text = joined(content);
		const told = isError && !/^\s*error/i.test(text) ? `Error: ${text}` : text;
		return { role: 'tool', tool_call_id: this.ids.wire(callId), content: told };
	}

	private movedMedia({ callId, content }: Of<'tool-result'>): Content[] {
		const media = content.filter((one) => one.type === 'media');
		if (media.length === 0) return [];
		this.losses.add('media-place', 'Images and documents in a tool result are shown behind it: a tool message takes text alone.');
		return [{ type: 'text', text: `Shown by the tool call ${this.ids.wire(callId)}:` }, ...media];
	}

	private parts(content: readonly Content[]): Fields[] {
		return content.flatMap((one): Fields[] => {
			if (one.type === 'text') return one.text === '' ? [] : [{ type: 'text', text: one.text }];
			return one.type === 'media' ? [encodeMedia(one, this.target, this.rules)] : [];
		});
	}

	private assistant(content: readonly Content[]): Fields[] {
		const calls = content.filter((one) => one.type === 'tool-call');
		const firstCall = content.findIndex((one) => one.type === 'tool-call');
		if (firstCall >= 0 && content.slice(firstCall).some(({ type }) => type === 'text')) {
			this.losses.add('text-order', 'Text between tool calls is put in front of them: a message has one text.');
		}
		const text = joined(content);
		const thinking = this.thinking(content, calls.length > 0);
		if (text === '' && calls.length === 0) return [];
		return [
			{
				role: 'assistant',
				content: text === '' ? null : text,
				...thinking,
				...(calls.length > 0 ? { tool_calls: calls.map((call) => this.call(call)) } : {}),
			},
		];
	}

	private thinking(content: readonly Content[], hasCalls: boolean): Fields {
		const all = content.filter((one) => one.type === 'thinking');
		const own = all.filter(({ native }) => isOwn(native, 'chat-completions', this.target));
		if (own.length < all.length) this.losses.add('foreign-reasoning', FOREIGN_TEXT);
		const text = own.map((one) => one.text).join('\n');
		const { reasoningContent } = this.rules;
		if (reasoningContent === 'never') {
			if (own.length > 0) this.losses.add('foreign-reasoning', FOREIGN_TEXT);
			return {};
		}
		if (reasoningContent === 'always' ? hasCalls : text !== '') return { reasoning_content: text };
		return {};
	}

	private call({ id, name, input, isFreeform, native }: Of<'tool-call'>): Fields {
		const isKept = isOwn(native, 'chat-completions', this.target) && (this.rules.hasThoughtSignatures || this.target.vendor === undefined);
		if (native !== undefined && !isKept) this.losses.add('foreign-reasoning', FOREIGN_TEXT);
		const call = { type: 'tool-call' as const, id: this.ids.wire(id), name: this.names.wire(name) };
		const asText = isFreeform === true && typeof input === 'string';
		const written =
			asText && this.rules.hasFreeformTools
				? { ...call, input, isFreeform: true as const }
				: { ...call, input: asText ? asFunctionInput(input) : input };
		const extra = isKept ? native.value : this.rules.hasThoughtSignatures ? { extra_content: FOREIGN_CALL } : {};
		return { ...encodeCall(written), ...(extra as { readonly [key: string]: JsonValue }) };
	}
}

/** Several texts of one message, which a single string holds. */
function joined(content: readonly Content[]): string {
	return content.flatMap((one) => (one.type === 'text' && one.text !== '' ? [one.text] : [])).join('\n\n');
}

/** Not every server takes parts where a string would do. */
function plain(parts: readonly Fields[]): string | readonly Fields[] {
	return parts.every(({ type }) => type === 'text') ? parts.map(({ text }) => String(text)).join('\n\n') : parts;
}
