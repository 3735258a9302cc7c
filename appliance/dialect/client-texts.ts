/** What the first words of a client's own system text say, for clients whose headers say less. */

import type { CallSignals, ClientMark, Purpose } from '../protocol/call.ts';
import type { HeaderSignals } from './client-headers.ts';

interface TextMark {
	/** Clients that write it, as their headers tell. */
	readonly clients: readonly ClientMark['name'][];
	readonly start: RegExp;
	readonly says: { readonly client?: ClientMark; readonly isSubagent?: true; readonly agentType?: string; readonly purpose?: Purpose };
}

const AIDER: ClientMark = { name: 'aider', version: undefined };
/** aider speaks through the vendors' SDKs, and names itself nowhere. */
const SPEAKS_FOR_AIDER = ['openai-sdk', 'unknown'] as const;

/** Claude Code 2.0 sends no header about its agents, opencode none about what an agent is for. */
const TEXT_MARKS: readonly TextMark[] = [
	{ clients: ['opencode'], start: /^You are a title generator\b/, says: { purpose: 'title' } },
	{ clients: ['opencode'], start: /^You are a context summarization agent\b/, says: { purpose: 'compaction' } },
	{ clients: ['opencode'], start: /^You are a file search specialist\b/, says: { agentType: 'explore' } },
	{ clients: ['claude-code'], start: /^You are a file search specialist for\b/, says: { isSubagent: true, agentType: 'Explore' } },
	{ clients: ['claude-code'], start: /^You are a software architect and planning\b/, says: { isSubagent: true, agentType: 'Plan' } },
	{ clients: ['claude-code'], start: /^You are a command execution specialist for\b/, says: { isSubagent: true, agentType: 'Bash' } },
	{
		clients: ['claude-code', 'opencode'],
		start: /^You are a helpful AI assistant tasked with summarizing conversations\b/,
		says: { purpose: 'compaction' },
	},
	{
		clients: SPEAKS_FOR_AIDER,
		start: /^Act as an expert (?:software developer|code analyst|architect engineer)\b/,
		says: { client: AIDER },
	},
	{
		clients: SPEAKS_FOR_AIDER,
		start: /^You are an expert software engineer that generates concise, one-line Git commit\b/,
		says: { client: AIDER, purpose: 'commit-message' },
	},
	{
		clients: SPEAKS_FOR_AIDER,
		start: /^\*Briefly\* summarize this partial conversation about programming\b/,
		says: { client: AIDER, purpose: 'compaction' },
	},
];

/** The client's name for itself stands first; what its agent is for stands in the text behind it. */
export const OPENING_TEXTS = 2;

/** Headers and the beginnings of the system's texts together; where both speak, the headers are right. */
export function addTextSignals(headers: HeaderSignals, systemTexts: readonly string[]): HeaderSignals {
	const texts = systemTexts.slice(0, OPENING_TEXTS);
	const mark = TEXT_MARKS.find(({ clients, start }) => clients.includes(headers.client.name) && texts.some((text) => start.test(text)));
	if (mark === undefined) return headers;
	const { client, isSubagent, agentType, purpose } = mark.says;
	return {
		...headers,
		client: client ?? headers.client,
		isSubagent: headers.isSubagent || isSubagent === true,
		agentType: headers.agentType ?? agentType,
		purpose: headers.purpose ?? purpose,
	};
}

/** aider shows the same examples in front of every conversation; what it works on now follows the files that it added. */
const FILES_ADDED = /^I have \*added these files to the chat\*/;
/** What aider itself writes in the user's name: what a command or a linter said, and what became of the last edit. */
const WRITTEN_BY_AIDER =
	/^(?:I ran this command:|# Fix any errors below|I committed the changes|I updated the files|I didn't see any properly formatted|I added these files)/;

/**
 * The prompt that an aider call works on: the first paragraph of what the user typed, since aider writes its reminders
 * behind it, and quotes it in the call for a commit message.
 * @param userTexts of the user's messages, in order
 */
function aiderPrompt(userTexts: readonly string[]): string {
	const files = userTexts.findLastIndex((text) => FILES_ADDED.test(text));
	const now = files >= 0 && files + 1 < userTexts.length ? files + 1 : userTexts.length - 1;
	const typed = userTexts.findLastIndex((text, index) => index <= now && index !== files && !WRITTEN_BY_AIDER.test(text));
	const [paragraph = ''] = (userTexts[typed] ?? '')
		.trim()
		.replace(/^USER: /, '')
		.split('\n\n');
	return paragraph.trim();
}

/** aider's calls of one prompt share an id made of its words, since it sends none. */
export function promptIdOf(
	signals: HeaderSignals,
	userTexts: () => readonly string[],
	digest: (text: string) => string,
): CallSignals['promptId'] {
	if (signals.promptId !== undefined || signals.client.name !== 'aider') return signals.promptId;
	return digest(aiderPrompt(userTexts()));
}
