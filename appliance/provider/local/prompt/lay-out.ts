/** Lays a conversation out for the local model: what stays the same first, what changes behind it, what says nothing not at all. */

import type { Content, Conversation, Message } from '../../../protocol/conversation.ts';

export interface LaidOut {
	readonly conversation: Conversation;
	/** What was done, for the decision's reasons; without any prompt text. */
	readonly notes: readonly LayoutNote[];
}

export interface LayoutNote {
	readonly code: 'layout-attribution-out' | 'layout-changing-last' | 'layout-reminders-once' | 'layout-results-windowed';
	readonly text: string;
}

/** Lines for a vendor's books: they differ from call to call and tell a model nothing. */
const ATTRIBUTION = /^x-anthropic-billing-header:.*\n?/gim;

/** What tells where and when: date, folder, machine, state of git. A block ends with its mark, or where the next heading begins. */
const CHANGING: readonly RegExp[] = [
	/<(env|environment_context)>[\s\S]*?<\/\1>\n?/g,
	/^gitStatus:[\s\S]*?(?=^# |(?![\s\S]))/gm,
	/^[ \t]*[-*]?[ \t]*(?:today['’]s date|current date|(?:primary |current )?working directory|additional working directories|is (?:directory )?(?:a )?git repo(?:sitory)?|current branch|platform|shell|os version)\b[^\n:]{0,20}(?::| is )[^\n]*\n?/gim,
];

/** Reminders that a client puts into the user's words again and again. */
const REMINDER = /<system-reminder>[\s\S]*?<\/system-reminder>\n?/g;

/** A title or a summary needs the gist of a result: its beginning and its end. */
const WINDOW_CHARACTERS = 4_000;
const HEAD_SHARE = 0.7;

/** @param isAuxiliary the call is a title, a summary or the like, whose answer does not act on single lines */
export function layOut(conversation: Conversation, isAuxiliary: boolean): LaidOut {
	const notes: LayoutNote[] = [];
	const note = (code: LayoutNote['code'], text: string): void => void notes.push({ code, text });
	const { messages: stable, changing, hasAttribution } = splitHead(conversation.messages);
	if (hasAttribution) note('layout-attribution-out', 'Lines for the books of a vendor are left out.');
	let messages = changing === '' ? stable : withContext(stable, changing);
	if (changing !== '') {
		note(
			'layout-changing-last',
			`${changing.length} characters of date, folder and state of git stand behind the tools and the unchanging text.`,
		);
	}
	const once = remindersOnce(messages);
	if (once.dropped > 0) note('layout-reminders-once', `${once.dropped} reminders that were said before are left out.`);
	messages = once.messages;
	if (isAuxiliary) {
		const windowed = windowResults(messages);
		if (windowed.cut > 0) note('layout-results-windowed', `${windowed.cut} long tool results show their beginning and their end.`);
		messages = windowed.messages;
	}
	return notes.length === 0 ? { conversation, notes } : { conversation: { ...conversation, messages }, notes };
}

function splitHead(messages: readonly Message[]) {
	let hasAttribution = false;
	const changing: string[] = [];
	const take = (text: string): string => {
		const plain = text.replace(ATTRIBUTION, () => {
			hasAttribution = true;
			return '';
		});
		const left = CHANGING.reduce(
			(rest, pattern) =>
				rest.replace(pattern, (found) => {
					changing.push(found.trim());
					return '';
				}),
			plain,
		);
		return left === text ? text : left.trimEnd();
	};
	const turnStart = messages.findIndex(({ role }) => role !== 'system');
	const end = turnStart < 0 ? messages.length : turnStart;
	const head = messages.slice(0, end).map((message) => ({ ...message, content: message.content.map((part) => mapText(part, take)) }));
	const kept = head.filter(({ content }) => content.some((part) => part.type !== 'text' || part.text !== ''));
	return { messages: [...kept, ...messages.slice(end)], changing: changing.join('\n'), hasAttribution };
}

/** In front of the user's first words: later turns of the conversation find it where it was. */
function withContext(messages: readonly Message[], changing: string): readonly Message[] {
	const at = messages.findIndex(({ role }) => role === 'user');
	const context: Content = { type: 'text', text: `<context>\n${changing}\n</context>\n\n` };
	const message = messages[at];
	if (message === undefined) return [...messages, { role: 'user', content: [context] }];
	return messages.with(at, { ...message, content: [context, ...message.content] });
}

/** The first of equal reminders stays, so that the beginning of the prompt does. */
function remindersOnce(messages: readonly Message[]): { readonly messages: readonly Message[]; readonly dropped: number } {
	const seen = new Set<string>();
	let dropped = 0;
	const once = (text: string): string =>
		text.replace(REMINDER, (found) => {
			const key = found.trim();
			if (!seen.has(key)) {
				seen.add(key);
				return found;
			}
			dropped += 1;
			return '';
		});
	const mapped = messages.map((message) =>
		message.role === 'user' ? { ...message, content: message.content.map((part) => mapText(part, once)) } : message,
	);
	return { messages: dropped > 0 ? mapped : messages, dropped };
}

function windowResults(messages: readonly Message[]): { readonly messages: readonly Message[]; readonly cut: number } {
	let cut = 0;
	const window = (text: string): string => {
		if (text.length <= WINDOW_CHARACTERS) return text;
		cut += 1;
		const head = Math.floor(WINDOW_CHARACTERS * HEAD_SHARE);
		const tail = WINDOW_CHARACTERS - head;
		return `${text.slice(0, head)}\n[${text.length - WINDOW_CHARACTERS} characters left out]\n${text.slice(-tail)}`;
	};
	const mapped = messages.map((message) => ({
		...message,
		content: message.content.map((part) =>
			part.type === 'tool-result' ? { ...part, content: part.content.map((inner) => mapText(inner, window)) } : part,
		),
	}));
	return { messages: cut > 0 ? mapped : messages, cut };
}

function mapText(part: Content, change: (text: string) => string): Content {
	if (part.type !== 'text') return part;
	const text = change(part.text);
	return text === part.text ? part : { ...part, text };
}
