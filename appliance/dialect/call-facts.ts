/** Gathers what a walk over a call's content finds: modalities, media, tools, and what no byte here bounds. */

import type { CallSize } from '../protocol/call.ts';
import { MODALITIES, type Modality } from '../protocol/words.ts';
import { isFields } from './fields.ts';

export class CallFacts {
	readonly toolNames: string[] = [];
	readonly serverToolTypes: string[] = [];
	/** Fields, tools and content that can cost more than body and output cap tell; named for the refusal. */
	readonly unbounded = new Set<string>();
	private readonly seen = new Set<Modality>(['text']);
	private inlineMediaCount = 0;
	private inlineMediaBytes = 0;
	private remoteMediaCount = 0;
	private addedTokens = 0;
	/** Undefined where the dialect has no such blocks, or does not read them. */
	private hasLongCacheWrite: boolean | undefined;

	addInlineMedia(modality: Modality, base64: unknown): void {
		this.seen.add(modality);
		this.inlineMediaCount++;
		if (typeof base64 === 'string') this.inlineMediaBytes += base64.length;
	}

	/** Media by address or file id. */
	addRemoteMedia(modality: Modality, name: string): void {
		this.seen.add(modality);
		this.remoteMediaCount++;
		this.unbounded.add(name);
	}

	addModality(modality: Modality): void {
		this.seen.add(modality);
	}

	addServerTool(type: string, name: string): void {
		this.serverToolTypes.push(type);
		this.unbounded.add(name);
	}

	/** Tokens of a prompt that the vendor puts in front. */
	addVendorTokens(tokens: number): void {
		this.addedTokens += tokens;
	}

	/** Reads one `cache_control`: whatever is not the usual five minutes counts as long. */
	readCacheControl(value: unknown): void {
		this.noteCacheWrite(isFields(value) && value.ttl !== undefined && value.ttl !== '5m');
	}

	noteCacheWrite(isLong: boolean): void {
		this.hasLongCacheWrite = isLong || this.hasLongCacheWrite === true;
	}

	modalities(): readonly Modality[] {
		return MODALITIES.filter((modality) => this.seen.has(modality));
	}

	size(bodyBytes: number): CallSize {
		const { inlineMediaCount, inlineMediaBytes, remoteMediaCount, addedTokens, hasLongCacheWrite } = this;
		return {
			bodyBytes,
			inlineMediaCount,
			inlineMediaBytes,
			remoteMediaCount,
			addedTokens,
			...(hasLongCacheWrite === undefined ? {} : { hasLongCacheWrite }),
		};
	}
}
