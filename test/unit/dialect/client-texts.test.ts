/** The shapes that opencode, aider and older versions of Claude Code were seen to send, and what is read from them. */

import { describe, expect, it } from 'vitest';
import { decode } from './wire.ts';

const OPENCODE = { 'user-agent': 'opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14', 'x-session-id': 'ses_1' };
const AIDER = { 'user-agent': 'OpenAI/Python 2.20.0' };
const AIDER_BY_LITELLM = { 'user-agent': 'litellm/1.81.10', 'anthropic-version': '2023-06-01' };
const CLAUDE_CODE_2_0 = { 'user-agent': 'claude-cli/2.0.77 (external, sdk-cli)' };

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

function chat(system: string, messages: readonly object[], headers: Record<string, string>, toolNames: readonly string[] = []) {
	const tools = toolNames.map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } }));
	const body = { model: 'm', messages: [{ role: 'system', content: system }, ...messages], ...(tools.length > 0 ? { tools } : {}) };
	return decode('chat-completions', body, headers).signals;
}

function messagesCall(
	system: readonly string[],
	messages: readonly object[],
	headers: Record<string, string>,
	toolNames: readonly string[] = [],
) {
	const tools = toolNames.map((name) => ({ name, input_schema: { type: 'object' } }));
	const blocks = system.map((text) => ({ type: 'text', text }));
	const metadata = { user_id: 'user_0a_account__session_01234567-89ab-cdef-0123-456789abcdef' };
	const body = { model: 'm', max_tokens: 32_000, system: blocks, messages, metadata, ...(tools.length > 0 ? { tools } : {}) };
	return decode('anthropic', body, headers).signals;
}

describe('opencode', () => {
	it.each(['chat-completions', 'anthropic'] as const)('titles and compactions are known by their instructions (%s)', (dialect) => {
		const read = (system: string) =>
			dialect === 'anthropic' ? messagesCall([system], [user('Fix it')], OPENCODE) : chat(system, [user('Fix it')], OPENCODE);
		expect(read('You are a title generator. Only a title.')).toMatchObject({ purpose: 'title', sessionId: 'ses_1', isSubagent: false });
		expect(read('You are a context summarization agent. Go.').purpose).toBe('compaction');
		expect(read('You are opencode, a tool.').purpose).toBeUndefined();
	});

	it('a sub-agent has its parent’s session, and its kind where its instructions tell', () => {
		const headers = { ...OPENCODE, 'x-session-id': 'ses_2', 'x-parent-session-id': 'ses_1' };
		expect(chat('You are a file search specialist.', [user('Where?')], headers, ['bash', 'grep', 'read'])).toMatchObject({
			client: { name: 'opencode', version: '1.18.33' },
			sessionId: 'ses_1',
			agentId: 'ses_2',
			isSubagent: true,
			agentType: 'explore',
		});
	});
});

describe('aider', () => {
	const EXAMPLES = [user('Change get_factorial()'), assistant('So.'), user('I switched to a new code base.'), assistant('Ok.')];
	const FILES = [user('I have *added these files to the chat* so you can go ahead.\n\nsum.js'), assistant('Ok.')];
	const MAIN = 'Act as an expert software developer.\nAlways use best practices.';
	const WEAK = 'You are an expert software engineer that generates concise, one-line Git commit messages.';
	const REMINDER = '\n\n# *SEARCH/REPLACE block* Rules:\n\nEvery block.';

	it('is known by its instructions, whichever SDK it speaks through', () => {
		expect(chat(MAIN, [...EXAMPLES, ...FILES, user('Fix it')], AIDER).client).toEqual({ name: 'aider', version: undefined });
		expect(messagesCall([MAIN], [user('Fix it')], AIDER_BY_LITELLM).client.name).toBe('aider');
		expect(chat('You help.', [user('Fix it')], AIDER).client.name).toBe('openai-sdk');
	});

	it('calls of one prompt share an id: the first, its repair, and the commit message', () => {
		const first = chat(MAIN, [...EXAMPLES, ...FILES, user(`Fix it.\nNow.${REMINDER}`)], AIDER);
		const repair = chat(MAIN, [...EXAMPLES, ...FILES, user('Fix it.\nNow.'), assistant('Done.'), user(`It fails.${REMINDER}`)], AIDER);
		const commit = chat(WEAK, [user('\nUSER: Fix it.\nNow.\n\nASSISTANT: Done.\n\ndiff')], AIDER);
		expect(commit.purpose).toBe('commit-message');
		expect(repair.promptId).toBe(first.promptId);
		expect(commit.promptId).toBe(first.promptId);
		const done = [user('Fix it.\nNow.'), assistant('Done.'), user('I committed the changes with git hash 0a.'), assistant('Ok.')];
		const tried = chat(MAIN, [...EXAMPLES, ...done, ...FILES, user(`I ran this command:\n\nmake${REMINDER}`)], AIDER);
		expect(tried.promptId).toBe(first.promptId);
		const next = chat(MAIN, [...EXAMPLES, ...FILES, user(`Add a test.${REMINDER}`)], AIDER);
		expect(next.promptId).not.toBe(first.promptId);
		expect(next.firstUserDigest).toBe(first.firstUserDigest);
	});

	it('its summary of a long chat is a compaction', () => {
		expect(chat('*Briefly* summarize this partial conversation about programming.', [user('# USER')], AIDER).purpose).toBe('compaction');
	});
});

describe('Claude Code 2.0, which sends no header about its agents', () => {
	const NAME = "You are Claude Code, Anthropic's official CLI for Claude.";
	const AGENT_NAME = "You are a Claude agent, built on Anthropic's Claude Agent SDK.";
	const MAIN = '\nYou are an interactive CLI tool that helps users.';

	it('has its session in the metadata', () => {
		expect(messagesCall([NAME, MAIN], [user('Fix it')], CLAUDE_CODE_2_0, ['Task', 'Read', 'Edit'])).toMatchObject({
			client: { name: 'claude-code', version: '2.0.77' },
			sessionId: '01234567-89ab-cdef-0123-456789abcdef',
			isSubagent: false,
			purpose: undefined,
		});
	});

	it.each([
		['You are a file search specialist for it.', 'Explore'],
		['You are a software architect and planning specialist.', 'Plan'],
		['You are a command execution specialist for it.', 'Bash'],
		['You look at files with your tools.', undefined],
	])('knows a sub-agent that is told %j', (told, agentType) => {
		const signals = messagesCall([AGENT_NAME, told], [user('Where is add?')], CLAUDE_CODE_2_0, ['Bash', 'Read']);
		expect(signals).toMatchObject({ isSubagent: true, agentType, purpose: undefined });
	});

	it.each([
		['a tool that sets agents to work', [NAME, 'You are mine.'], ['Task', 'Read']],
		['the instructions of the main loop', [NAME, MAIN], ['Read']],
		['another name', ['You are mine.', 'You look at files.'], ['Read']],
	])('takes no call for a sub-agent’s that has %s', (_, system, tools) => {
		expect(messagesCall(system, [user('Fix it')], CLAUDE_CODE_2_0, tools).isSubagent).toBe(false);
	});

	it('knows the calls that only warm a sub-agent’s prompt', () => {
		const warm = (text: string, system: string) => messagesCall([NAME, system], [user(text)], CLAUDE_CODE_2_0, ['Bash']).purpose;
		expect(warm('Warmup', 'You are a command execution specialist for it.')).toBe('probe');
		expect(warm('Warmup, please', 'You are a command execution specialist for it.')).toBeUndefined();
		expect(warm('Warmup', MAIN)).toBeUndefined();
	});

	it('knows its compaction, which is no sub-agent though it can start none', () => {
		const system = [AGENT_NAME, 'You are a helpful AI assistant tasked with summarizing conversations.'];
		const messages = [
			user('Say hello.'),
			assistant('Hello.'),
			user('Your task is to create a detailed summary of the conversation so far'),
		];
		expect(messagesCall(system, messages, CLAUDE_CODE_2_0, ['Read'])).toMatchObject({ purpose: 'compaction', isSubagent: false });
	});
});
