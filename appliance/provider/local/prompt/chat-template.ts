/** Renders the chat template that stands in the model's file, and finds out by trial what it can do. */

import { Template } from '@huggingface/jinja';
import type { JsonValue } from '../../../protocol/conversation.ts';
import { Problem } from '../../../protocol/problem.ts';

export interface TemplateMessage {
	readonly role: 'system' | 'user' | 'assistant' | 'tool';
	readonly content: string;
	readonly [extra: string]: JsonValue;
}

export interface TemplateInput {
	readonly messages: readonly TemplateMessage[];
	/** Tools in the usual function form; undefined leaves the variable unset. */
	readonly tools: readonly JsonValue[] | undefined;
}

export interface TemplateAbilities {
	readonly hasSystem: boolean;
	readonly hasTools: boolean;
	/** A second system message later on is rendered as one. */
	readonly hasLaterSystem: boolean;
	/** Two user messages in a row are refused. */
	readonly mustAlternate: boolean;
}

/** For files without a template (base models): plain turns, as a transcript. */
const TRANSCRIPT_TEMPLATE =
	"{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

export class ChatTemplate {
	readonly source: string;
	readonly isTranscript: boolean;
	readonly abilities: TemplateAbilities;
	readonly #template: Template;
	readonly #variables: Readonly<Record<string, unknown>>;

	constructor(source: string | undefined, bos: string, eos: string) {
		this.isTranscript = source === undefined;
		this.source = source ?? TRANSCRIPT_TEMPLATE;
		this.#template = new Template(this.source);
		this.#variables = { bos_token: bos, eos_token: eos, add_generation_prompt: true, enable_thinking: false };
		this.abilities = this.#probe();
	}

	/** The prompt text up to where the assistant's reply begins. */
	render({ messages, tools }: TemplateInput): string {
		try {
			return this.#template.render({ ...this.#variables, messages, ...(tools === undefined ? {} : { tools }) });
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			throw new Problem('local-failed', `The model's chat template refuses this conversation: ${reason}`, { cause: error });
		}
	}

	#probe(): TemplateAbilities {
		const shows = (messages: readonly TemplateMessage[], expected: string, tools?: readonly JsonValue[]): boolean => {
			try {
				return this.render({ messages, tools }).includes(expected);
			} catch {
				return false;
			}
		};
		const user = { role: 'user', content: 'probe-user' } as const;
		const system = { role: 'system', content: 'probe-system' } as const;
		const assistant = { role: 'assistant', content: 'probe-assistant' } as const;
		return {
			hasSystem: shows([system, user], 'probe-system'),
			hasTools: shows([user], 'probe_tool', [PROBE_TOOL]),
			hasLaterSystem: shows([user, assistant, system, user], 'probe-system'),
			mustAlternate: !shows([user, user], 'probe-user'),
		};
	}
}

const PROBE_TOOL = {
	type: 'function',
	function: {
		name: 'probe_tool',
		description: 'probe',
		parameters: { type: 'object', properties: { probe: { type: 'string', description: 'probe' } }, required: ['probe'] },
	},
} as const;
