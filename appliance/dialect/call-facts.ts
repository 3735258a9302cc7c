/** Gathers what a walk over a call's content finds: modalities, media, tools, and what no byte here bounds. */

import type { CallSize } from '../protocol/call.ts';
import { MODALITIES, type Modality, type ServerTool } from '../protocol/words.ts';
import { isFields } from './fields.ts';

export class CallFacts {
	readonly toolNames: string[] = [];
	readonly serverToolTypes: string[] = [];
	/** Fields, tools and content that can cost more than body and output cap tell; named for the refusal. */
	readonly unbounded = new Set<string>();
	/** What decides which content of earlier turns counts as input; undefined where nothing does. */
	countedUnder: string | undefined;
	private readonly seen = new Set<Modality>(['text']);
	private inlineMediaCount = 0;
	private inlineMediaBytes = 0;
	private remoteMediaCount = 0;
	private addedTokens = 0;
	private hasHeldInput = false;
	private mayDropInput = false;
	private readonly mediaMarks: string[] = [];
	private choiceCount = 1;
	private readonly serverToolUses: Partial<Record<ServerTool, number>> = {};
	/** Undefined where the dialect has no such blocks, or does not read them. */
	private hasLongCacheWrite: boolean | undefined;
	/** Reasoning in its history that not every upstream of its dialect may see. */
	hasForeign = false;

	addInlineMedia(modality: Modality, base64: unknown): void {
		this.seen.add(modality);
		this.inlineMediaCount++;
		const length = typeof base64 === 'string' ? base64.length : 0;
		this.inlineMediaBytes += length;
		this.mediaMarks.push(typeof base64 === 'string' ? `${modality} ${length} ${markOf(base64)}` : `${modality} without data`);
	}

	/** The vendor clears part of the prompt before it counts it. */
	addClearing(): void {
		this.mayDropInput = true;
	}

	/** Media by address or file id: priced by count, as no byte here tells their size. */
	addRemoteMedia(modality: Modality): void {
		this.seen.add(modality);
		this.remoteMediaCount++;
	}

	/** Text that the vendor holds under an id. */
	addHeldInput(): void {
		this.hasHeldInput = true;
	}

	/** So many answers side by side, each up to the output cap. */
	addChoices(count: number): void {
		this.choiceCount = Math.max(this.choiceCount, count);
	}

	/** A tool that the vendor executes at most so often, and counts in the usage. */
	addCountedTool(type: string, tool: ServerTool, uses: number): void {
		this.serverToolTypes.push(type);
		this.serverToolUses[tool] = (this.serverToolUses[tool] ?? 0) + uses;
	}

	addModality(modality: Modality): void {
		this.seen.add(modality);
	}

	/** A tool that the vendor executes without a bound that we know. */
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
		const { inlineMediaCount, inlineMediaBytes, remoteMediaCount, addedTokens, hasLongCacheWrite, choiceCount, serverToolUses } = this;
		return {
			bodyBytes,
			inlineMediaCount,
			inlineMediaBytes,
			remoteMediaCount,
			addedTokens,
			...(hasLongCacheWrite === undefined ? {} : { hasLongCacheWrite }),
			...(this.mediaMarks.length === 0 ? {} : { mediaMarks: this.mediaMarks }),
			...(this.countedUnder === undefined ? {} : { countedUnder: this.countedUnder }),
			...(this.mayDropInput ? { mayDropInput: true } : {}),
			...(this.hasHeldInput ? { hasHeldInput: true } : {}),
			...(choiceCount === 1 ? {} : { choiceCount }),
			...(Object.keys(serverToolUses).length === 0 ? {} : { serverToolUses }),
		};
	}
}

const MARK_CHARACTERS = 32;

/** Characters of the middle and the end, where pictures of one size and one kind differ. */
function markOf(base64: string): string {
	const middle = base64.length >> 1;
	return base64.slice(middle, middle + MARK_CHARACTERS) + base64.slice(-MARK_CHARACTERS);
}
