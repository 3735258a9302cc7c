/** What a call says, in the tests' own words: each dialect's tongue writes it, and reads it back from what an upstream got. */

import type { DialectName } from '../../appliance/protocol/words.ts';

export interface ToolCall {
	readonly id: string;
	readonly name: string;
	/** An object for a function, a text for a freeform tool. */
	readonly input: object | string;
}

export type Turn =
	| { readonly by: 'system'; readonly text: string }
	| { readonly by: 'developer'; readonly text: string }
	| { readonly by: 'user'; readonly text: string; readonly image?: string; readonly pdf?: string }
	| { readonly by: 'assistant'; readonly text?: string; readonly calls?: readonly ToolCall[] }
	| { readonly by: 'tools'; readonly results: readonly { readonly id: string; readonly text: string; readonly image?: string }[] };

export interface Talk {
	readonly turns: readonly Turn[];
	readonly tools?: readonly string[];
	readonly freeformTool?: string;
	/** `any`, or the name of the tool that must be called. */
	readonly choice?: string;
	readonly isSingle?: true;
	/** Name of the one property that the answer must have. */
	readonly schema?: string;
	readonly stops?: readonly string[];
	readonly temperature?: number;
	readonly topP?: number;
	readonly topK?: number;
	readonly seed?: number;
	readonly effort?: string;
	readonly cacheKey?: string;
	/** The last words of the user are marked for the cache. */
	readonly hasCacheMark?: true;
	readonly userId?: string;
	/** A field that no dialect has. */
	readonly unknown?: string;
}

export interface Told {
	readonly text: string;
	readonly thinking: string;
	readonly calls: readonly ToolCall[];
	/** `stop` | `calls` | `length` | whatever else the wire says. */
	readonly finish: string;
	readonly input: number;
	readonly cacheRead: number;
	readonly cacheWrite: number;
	/** Everything that was not read from a cache, writes included: all that the wires without cache writes tell. */
	readonly uncached: number;
	readonly output: number;
}

export interface Tongue {
	readonly name: DialectName;
	readonly path: string;
	write(talk: Talk, model: string, isStream: boolean): object;
	/** From the body that an upstream got. */
	hear(body: object): Talk;
	/** From a whole reply, or from the text of a stream; undefined where it is none. */
	read(text: string, isStream: boolean): Told | undefined;
	/** The same call one turn later: with a whole reply as it came, and the results of its calls. */
	goOn(body: object, reply: string): object;
	/** The message of an error envelope in this dialect; undefined where it is none. */
	readError(text: string): string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the tests look into foreign JSON of three wires, and fail where it is not as expected
export type Wire = any;

/** The data of a stream's events, parsed. */
export function eventsOf(text: string): Wire[] {
	return text
		.split('\n')
		.filter((line) => line.startsWith('data: {'))
		.map((line) => JSON.parse(line.slice('data: '.length)));
}

export const schemaOf = (property: string) => ({
	type: 'object',
	properties: { [property]: { type: 'string' } },
	required: [property],
	additionalProperties: false,
});

/** Only what is said, so that two talks can be compared. */
export function definite<T extends object>(talk: { readonly [Key in keyof T]: T[Key] | undefined }): T {
	return Object.fromEntries(
		Object.entries(talk).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
	) as T;
}

/** Empty where the text is no JSON. */
export function parse(text: string): Wire {
	try {
		return JSON.parse(text);
	} catch {
		return {};
	}
}
