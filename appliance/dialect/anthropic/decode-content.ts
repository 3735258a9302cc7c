/** Messages: reads content blocks into the internal form. */

import type { Content, JsonValue, MediaSource } from '../../protocol/conversation.ts';
import { attachCarried } from '../carried-native.ts';
import { type Fields, isFields, readString, textOf } from '../fields.ts';
import { nativeOf } from './native.ts';
import { cacheOf } from './wire.ts';

/** Remembers the names of tool calls for their results, and what it had to leave out. */
export class ContentReader {
	/** Settings of blocks that the internal form has no place for. */
	readonly others = new Set<string>();
	private readonly toolNames = new Map<string, string>();

	read(content: unknown): readonly Content[] {
		if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
		if (!Array.isArray(content)) return [];
		return attachCarried(content.filter(isFields).flatMap((block) => this.block(block)));
	}

	private block(block: Fields): Content[] {
		switch (block.type) {
			case 'text':
				return this.text(block);
			case 'thinking':
				return [{ type: 'thinking', text: textOf(block.thinking) ?? '', ...nativeOf(block) }];
			case 'redacted_thinking':
				return [{ type: 'thinking', text: '', ...nativeOf(block) }];
			case 'image':
				return [{ type: 'media', modality: 'image', ...sourceOf(block.source), ...cached(block) }];
			case 'document':
				return this.document(block);
			case 'tool_use':
				return [this.toolUse(block)];
			case 'tool_result':
				return [this.toolResult(block)];
			case 'search_result':
				return [...line([block.title, block.source]), ...this.read(block.content)];
			case 'tool_reference':
				return line([block.tool_name]);
			case 'tool_addition':
			case 'tool_removal':
				return [];
			default:
				// What the vendor's own tools did stays readable as the JSON it is.
				return [{ type: 'text', text: JSON.stringify(block) }];
		}
	}

	private text(block: Fields): Content[] {
		const text = textOf(block.text) ?? '';
		return text === '' ? [] : [{ type: 'text', text, ...cached(block) }];
	}

	private document(block: Fields): Content[] {
		const source = isFields(block.source) ? block.source : {};
		if (isFields(block.citations) && block.citations.enabled === true) this.others.add('citations');
		if (source.type === 'text') return [...line([block.title, block.context]), ...this.read(source.data)];
		if (source.type === 'content') return [...line([block.title, block.context]), ...this.read(source.content)];
		const title = textOf(block.title);
		const media = { type: 'media' as const, modality: 'document' as const, ...sourceOf(source), ...cached(block) };
		return [...line([block.context]), title === undefined ? media : { ...media, title }];
	}

	private toolUse(block: Fields): Content {
		const id = readString(block, 'id', 'tool_use.id');
		const name = readString(block, 'name', 'tool_use.name');
		this.toolNames.set(id, name);
		return { type: 'tool-call', id, name, input: (block.input ?? {}) as JsonValue, ...cached(block) };
	}

	private toolResult(block: Fields): Content {
		const callId = readString(block, 'tool_use_id', 'tool_result.tool_use_id');
		const content = this.read(block.content);
		const name = this.toolNames.get(callId);
		return { type: 'tool-result', callId, name, isError: block.is_error === true, content, ...cached(block) };
	}
}

const cached = (block: Fields) => {
	const cache = cacheOf(block.cache_control);
	return cache === undefined ? {} : { cache };
};

function line(parts: readonly unknown[]): Content[] {
	const text = parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
	return text === '' ? [] : [{ type: 'text', text }];
}

function sourceOf(value: unknown): { readonly source?: MediaSource } {
	if (!isFields(value)) return {};
	const { type, media_type, data, url, file_id } = value;
	if (type === 'base64' && typeof data === 'string') {
		return { source: { type: 'base64', mediaType: textOf(media_type) ?? 'application/octet-stream', data } };
	}
	if (type === 'url' && typeof url === 'string') return { source: { type: 'url', url } };
	return type === 'file' && typeof file_id === 'string' ? { source: { type: 'file', id: file_id } } : {};
}
