/** Chat Completions: reads the parts of a message's content. */

import type { Content, MediaSource } from '../../protocol/conversation.ts';
import { type Fields, isFields, textOf } from '../fields.ts';

export function readContent(content: unknown): Content[] {
	if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
	if (!Array.isArray(content)) return [];
	return content.filter(isFields).flatMap(readPart);
}

function readPart(part: Fields): Content[] {
	const held = part[textOf(part.type) ?? ''];
	const value: Fields = isFields(held) ? held : {};
	switch (part.type) {
		case 'image_url':
			return [image(textOf(value.url) ?? textOf(part.image_url), textOf(value.detail))];
		case 'input_audio':
			return [{ type: 'media', modality: 'audio', ...audioSource(value) }];
		case 'file':
			return [document(value)];
		case 'refusal':
			return readContent(part.refusal);
		default:
			return readContent(part.text);
	}
}

function image(url: string | undefined, detail: string | undefined): Content {
	const source = url === undefined ? {} : { source: sourceOfUrl(url) };
	return { type: 'media', modality: 'image', ...source, ...(detail === undefined ? {} : { detail }) };
}

function audioSource({ data, format }: Fields): { readonly source?: MediaSource } {
	return typeof data === 'string' ? { source: { type: 'base64', mediaType: `audio/${textOf(format) ?? 'wav'}`, data } } : {};
}

function document({ file_data: data, file_id: id, filename }: Fields): Content {
	const source = typeof data === 'string' ? sourceOfUrl(data) : typeof id === 'string' ? { type: 'file' as const, id } : undefined;
	const title = textOf(filename);
	return { type: 'media', modality: 'document', ...(source === undefined ? {} : { source }), ...(title === undefined ? {} : { title }) };
}

/** Both a web address and inline data; data without a heading is taken for the document that the dialect documents. */
function sourceOfUrl(url: string): MediaSource {
	const head = /^data:([^;,]*)(?:;[^,]*)?,/.exec(url);
	if (head !== null) return { type: 'base64', mediaType: head[1] || 'text/plain', data: url.slice(head[0].length) };
	return /^[a-z]+:\/\//i.test(url) ? { type: 'url', url } : { type: 'base64', mediaType: 'application/pdf', data: url };
}
