/** Messages: writes images and documents with their source. */

import type { Media, MediaSource } from '../../protocol/conversation.ts';
import type { CallTarget } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import { cannotExpress } from '../losses.ts';
import { cacheField } from './wire.ts';

export function encodeMedia({ modality, source, title, cache }: Media, target: CallTarget): Fields {
	if (modality === 'audio') cannotExpress('Audio', target);
	if (source === undefined || source.type === 'file')
		cannotExpress(`A${modality === 'image' ? 'n image' : ' document'} by file id`, target);
	if (modality === 'document' && source.type === 'base64' && source.mediaType !== 'application/pdf') {
		cannotExpress(`A document of type ${source.mediaType}`, target);
	}
	return {
		type: modality,
		source: encodeSource(source),
		...(title === undefined || modality === 'image' ? {} : { title }),
		...cacheField(cache),
	};
}

function encodeSource(source: Exclude<MediaSource, { type: 'file' }>): Fields {
	if (source.type === 'url') return { type: 'url', url: source.url };
	return { type: 'base64', media_type: source.mediaType, data: source.data };
}
