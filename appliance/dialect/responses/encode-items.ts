/** Responses: writes the turns of a conversation as input items, in their order. */

import type { Content, Media, Message } from '../../protocol/conversation.ts';
import type { CallTarget } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import { cannotExpress, isOwn, type Losses } from '../losses.ts';
import { SHORT_NAMES, WireNames } from '../wire-names.ts';

type Of<Type extends Content['type']> = Extract<Content, { type: Type }>;

const FOREIGN_TEXT = 'Reasoning of another vendor in the history is left out: only its maker can read it.';

export function encodeItems(messages: readonly Message[], target: CallTarget, losses: Losses, names: WireNames): readonly Fields[] {
	const writer = new Writer(target, losses, names);
	return messages.flatMap((message) => writer.message(message));
}

/** Several texts, where a single string holds them. */
export function joined(content: readonly Content[]): string {
	return content.flatMap((one) => (one.type === 'text' && one.text !== '' ? [one.text] : [])).join('\n\n');
}

class Writer {
	private readonly target: CallTarget;
	private readonly losses: Losses;
	private readonly names: WireNames;
	private readonly ids = new WireNames(SHORT_NAMES);

	constructor(target: CallTarget, losses: Losses, names: WireNames) {
		this.target = target;
		this.losses = losses;
		this.names = names;
	}

	message({ role, isDeveloper, content }: Message): Fields[] {
		const speaker = isDeveloper ? 'developer' : role;
		const items: Fields[] = [];
		let parts: Fields[] = [];
		const say = () => {
			if (parts.length > 0) items.push({ type: 'message', role: speaker, content: parts });
			parts = [];
		};
		for (const one of content) {
			if (one.type === 'text' || one.type === 'media') parts.push(...this.part(one, role));
			else {
				say();
				items.push(...this.item(one));
			}
		}
		say();
		return items;
	}

	private part(one: Of<'text'> | Media, role: Message['role']): Fields[] {
		if (one.type === 'media') return [this.media(one)];
		if (one.text === '') return [];
		return [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: one.text }];
	}

	private item(one: Of<'thinking'> | Of<'tool-call'> | Of<'tool-result'>): Fields[] {
		if (one.type === 'tool-call') return [this.call(one)];
		if (one.type === 'tool-result') return [this.result(one)];
		if (isOwn(one.native, 'responses', this.target)) return [{ ...one.native.value, type: 'reasoning' }];
		this.losses.add('foreign-reasoning', FOREIGN_TEXT);
		return [];
	}

	private call({ id, name, input, isFreeform, native }: Of<'tool-call'>): Fields {
		if (native !== undefined) this.losses.add('foreign-reasoning', FOREIGN_TEXT);
		const named = { call_id: this.ids.wire(id), name: this.names.wire(name) };
		const text = typeof input === 'string' ? input : JSON.stringify(input);
		return isFreeform ? { type: 'custom_tool_call', ...named, input: text } : { type: 'function_call', ...named, arguments: text };
	}

	private result({ callId, isError, isFreeform, content }: Of<'tool-result'>): Fields {
		const type = isFreeform ? 'custom_tool_call_output' : 'function_call_output';
		const text = joined(content);
		const isTold = !isError || /^\s*error/i.test(text);
		const parts = content.flatMap((one) => (one.type === 'text' || one.type === 'media' ? this.part(one, 'user') : []));
		const isPlain = parts.every((part) => part.type === 'input_text');
		const output = isPlain ? `${isTold ? '' : 'Error: '}${text}` : [...(isTold ? [] : [{ type: 'input_text', text: 'Error:' }]), ...parts];
		return { type, call_id: this.ids.wire(callId), output };
	}

	private media({ modality, source, title, detail }: Media): Fields {
		if (source === undefined || source.type === 'file')
			cannotExpress(`A${modality === 'image' ? 'n image' : ' document'} by file id`, this.target);
		const address = source.type === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
		if (modality === 'image') return { type: 'input_image', image_url: address, ...(detail === undefined ? {} : { detail }) };
		if (modality === 'document') {
			if (source.type === 'url') return { type: 'input_file', file_url: address };
			return { type: 'input_file', filename: title ?? 'document.pdf', file_data: address };
		}
		if (source.type === 'url') cannotExpress('Audio by address', this.target);
		return { type: 'input_audio', input_audio: { data: source.data, format: source.mediaType.replace(/^audio\/(?:x-)?/, '') } };
	}
}
