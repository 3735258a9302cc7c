/** Agents' sessions with real text: the same team prompt, a conversation of its own for each developer. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Conversation, Message } from '../../appliance/protocol/conversation.ts';
import type { CallShape } from './shapes.ts';

/** Of English and code in the vocabularies at hand. */
const CHARACTERS_PER_TOKEN = 3.6;

export class Text {
	readonly #text: string;

	/** The project's own documentation, file after file. */
	constructor(root: string) {
		const folders = [join(root, 'docs'), join(root, 'docs', 'decisions')];
		this.#text = folders
			.flatMap((folder) =>
				readdirSync(folder)
					.filter((name) => name.endsWith('.md'))
					.sort()
					.map((name) => join(folder, name)),
			)
			.map((file) => readFileSync(file, 'utf8'))
			.join('\n');
	}

	/** About so many tokens, another piece for each `at`. */
	piece(tokens: number, at: number): string {
		const length = Math.round(tokens * CHARACTERS_PER_TOKEN);
		const start = (at * 7_919) % Math.max(1, this.#text.length - length);
		return this.#text.slice(start, start + length);
	}
}

export const says = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });

export function conversationOf(messages: readonly Message[]): Conversation {
	return {
		...{ messages, tools: [], toolChoice: 'auto', isParallelToolUseAllowed: false, outputCapTokens: undefined, temperature: 0 },
		...{ topP: undefined, topK: undefined, seed: 1, stopSequences: [], outputSchema: undefined },
	};
}

/** The same words for programs that know no conversations: equal beginnings stay equal. */
export function plainText({ messages }: Conversation): string {
	return messages
		.map(({ role, content }) => `${role}: ${content.map((part) => (part.type === 'text' ? part.text : '')).join('')}\n`)
		.join('');
}

/** One developer's session: each call holds all before it, with the model's real answers. */
export class Session {
	readonly name: string;
	#messages: readonly Message[];
	readonly #text: Text;
	readonly #seed: number;
	#calls = 0;

	constructor(name: string, teamPrompt: string, text: Text, seed: number) {
		this.name = name;
		this.#messages = [says('system', teamPrompt)];
		this.#text = text;
		this.#seed = seed;
	}

	next({ newTokens }: CallShape): Conversation {
		this.#calls += 1;
		const words = `Result ${this.#calls} of ${this.name}:\n${this.#text.piece(newTokens, this.#seed * 100 + this.#calls)}\nSay in one line what it is about.`;
		this.#messages = [...this.#messages, says('user', words)];
		return conversationOf(this.#messages);
	}

	answer(text: string): void {
		this.#messages = [...this.#messages, says('assistant', text === '' ? '.' : text)];
	}
}
