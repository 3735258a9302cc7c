/** Responses: reads the parts of messages and outputs. */

import type { CacheLife, Content, MediaSource } from '../../protocol/conversation.ts';
import { Problem } from '../../protocol/problem.ts';
import { type Fields, isFields, textOf } from '../fields.ts';

export function readContent(content: unknown): Content[] {
	if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
	return Array.isArray(content) ? content.filter(isFields).flatMap(readPart) : [];
}

function readPart(part: Fields): Content[] {
	switch (part.type) {
		case 'input_image':
		case 'computer_screenshot':
			return [image(part)];
		case 'input_audio':
			return [{ type: 'media', modality: 'audio', ...audioSource(part.input_audio) }];
		case 'input_file':
			return [document(part)];
		case 'refusal':
			return readContent(part.refusal);
		default:
			if (typeof part.text !== 'string') throw unknownPart(part);
			return readContent(part.text).map((one) => ({ ...one, ...cached(part) }));
	}
}

/** What it shows would be missing from the question. */
function unknownPart({ type }: Fields): Problem {
	const name = (textOf(type) ?? 'unnamed').slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
	return new Problem(
		'not-expressible',
		`A content part of type ${name} is known to its own vendor alone. Leave it out, or ask a model of that vendor.`,
	);
}

function image(part: Fields): Content {
	const { image_url: url, file_id: id, detail } = part;
	const source = typeof url === 'string' ? sourceOfUrl(url, 'image/png') : fileSource(id);
	const looked = typeof detail === 'string' ? { detail } : {};
	return { type: 'media', modality: 'image', ...(source === undefined ? {} : { source }), ...looked, ...cached(part) };
}

function document(part: Fields): Content {
	const { file_data: data, file_url: url, file_id: id, filename } = part;
	const address = textOf(data) ?? textOf(url);
	const source = address === undefined ? fileSource(id) : sourceOfUrl(address, 'application/pdf');
	const title = typeof filename === 'string' ? { title: filename } : {};
	return { type: 'media', modality: 'document', ...(source === undefined ? {} : { source }), ...title, ...cached(part) };
}

const fileSource = (id: unknown): MediaSource | undefined => (typeof id === 'string' ? { type: 'file', id } : undefined);

/** Both a web address and inline data; data without a heading is taken for the usual type. */
function sourceOfUrl(url: string, usualType: string): MediaSource {
	const head = /^data:([^;,]*)(?:;[^,]*)?,/.exec(url);
	if (head !== null) return { type: 'base64', mediaType: head[1] || usualType, data: url.slice(head[0].length) };
	return /^[a-z]+:\/\//i.test(url) ? { type: 'url', url } : { type: 'base64', mediaType: usualType, data: url };
}

function audioSource(audio: unknown): { readonly source?: MediaSource } {
	const { data, format }: Fields = isFields(audio) ? audio : {};
	return typeof data === 'string' ? { source: { type: 'base64', mediaType: `audio/${textOf(format) ?? 'wav'}`, data } } : {};
}

/** Half an hour is the shorter of this dialect's two cache lives, as five minutes is elsewhere. */
function cached({ prompt_cache_breakpoint: breakpoint }: Fields): { readonly cache?: CacheLife } {
	if (!isFields(breakpoint)) return {};
	return { cache: breakpoint.ttl === '12h' ? '1h' : '5m' };
}
