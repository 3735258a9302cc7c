/** Chat Completions: writes images, documents and audio with their source. */

import type { Media } from '../../protocol/conversation.ts';
import type { CallTarget } from '../../protocol/ports.ts';
import type { Fields } from '../fields.ts';
import { cannotExpress } from '../losses.ts';
import type { VendorRules } from './vendors.ts';

export function encodeMedia(media: Media, target: CallTarget, rules: VendorRules): Fields {
	const { modality, source, title, detail } = media;
	if (source === undefined || source.type === 'file')
		cannotExpress(`A${modality === 'image' ? 'n image' : ' document'} by file id`, target);
	const inline = source.type === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined;
	if (modality === 'image') {
		const url = source.type === 'url' ? source.url : inline;
		return { type: 'image_url', image_url: { url, ...(detail === undefined ? {} : { detail }) } };
	}
	if (source.type === 'url') cannotExpress(`A${modality === 'audio' ? 'udio' : ' document'} by address`, target);
	if (modality === 'audio')
		return { type: 'input_audio', input_audio: { data: source.data, format: source.mediaType.replace(/^audio\/(?:x-)?/, '') } };
	if (!rules.hasFiles) cannotExpress('A document', target);
	return { type: 'file', file: { filename: title ?? 'document.pdf', file_data: inline } };
}
