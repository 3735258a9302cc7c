/** What a call's headers say about its client, session and agent. Only the client itself writes these. */

import type { CallSignals, ClientMark, Purpose } from '../protocol/call.ts';
import type { HeaderMap } from '../protocol/ports.ts';
import { type Fields, isFields, textOf } from './fields.ts';

export type HeaderSignals = Pick<
	CallSignals,
	'client' | 'sessionId' | 'agentId' | 'parentAgentId' | 'promptId' | 'requestClass' | 'agentType' | 'isSubagent' | 'purpose'
>;

type ReadHeader = (name: string) => string | undefined;

const REQUEST_CLASSES = ['main', 'subagent', 'workflow', 'compaction', 'auxiliary'] as const;

/** User agents of the clients we know, the more particular first. */
const USER_AGENTS: readonly (readonly [RegExp, ClientMark['name']])[] = [
	[/\bclaude-(?:cli|code)\/(\S+)/, 'claude-code'],
	[/\bcodex[a-z_-]*\/(\S+)/i, 'codex'],
	[/\bopencode\/(\S+)/, 'opencode'],
	[/\baider\/(\S+)/i, 'aider'],
	[/\b(?:Async)?Anthropic\/\w+ (\S+)/, 'anthropic-sdk'],
	[/\b(?:Async)?OpenAI\/\w+ (\S+)/, 'openai-sdk'],
];

export function readHeaderSignals(headers: HeaderMap): HeaderSignals {
	const read: ReadHeader = (name) => {
		const value = headers[name];
		const text = typeof value === 'string' ? value : value?.[0];
		return text === '' ? undefined : text;
	};
	const client = readClient(read);
	if (client.name === 'claude-code' || read('x-claude-code-session-id') !== undefined) return readClaudeCode(read, client);
	const isCodex = client.name === 'codex' || read('originator')?.startsWith('codex');
	if (isCodex || read('x-codex-turn-metadata') !== undefined) return readCodex(read, client);
	return readSessionHeaders(read, client);
}

function readClient(read: ReadHeader): ClientMark {
	const userAgent = read('user-agent') ?? '';
	for (const [pattern, name] of USER_AGENTS) {
		const found = pattern.exec(userAgent);
		if (found !== null) return { name, version: found[1] };
	}
	return { name: 'unknown', version: undefined };
}

function readClaudeCode(read: ReadHeader, client: ClientMark): HeaderSignals {
	const agentId = read('x-claude-code-agent-id');
	const requestClass = REQUEST_CLASSES.find((name) => name === read('x-claude-code-request-class'));
	const isCompaction = requestClass === 'compaction' || read('x-claude-code-compaction') !== undefined;
	return {
		client: client.name === 'claude-code' ? client : { name: 'claude-code', version: undefined },
		sessionId: read('x-claude-code-session-id'),
		agentId,
		parentAgentId: read('x-claude-code-parent-agent-id'),
		promptId: read('x-claude-code-prompt-id'),
		requestClass,
		agentType: read('x-claude-code-agent-type'),
		isSubagent: agentId !== undefined || requestClass === 'subagent',
		purpose: isCompaction ? 'compaction' : undefined,
	};
}

/**
 * Codex says in one JSON header what a call is: its session (one a window), its thread (one an agent of it), the prompt
 * that the whole tree of agents works on, and the kind of the request.
 */
function readCodex(read: ReadHeader, client: ClientMark): HeaderSignals {
	const turn = parseFields(read('x-codex-turn-metadata'));
	const parent = textOf(turn.parent_thread_id) ?? read('x-codex-parent-thread-id');
	const kind = textOf(turn.subagent_kind) ?? read('x-openai-subagent');
	const duty = codexDuty(turn, [kind, read('x-openai-subagent')]);
	return {
		client: client.name === 'codex' ? client : { name: 'codex', version: undefined },
		sessionId: textOf(turn.session_id) ?? read('session-id') ?? read('session_id'),
		agentId: parent === undefined ? undefined : (textOf(turn.thread_id) ?? read('thread-id')),
		parentAgentId: parent,
		promptId: textOf(turn.root_turn_id) || textOf(turn.parent_turn_id) || textOf(turn.turn_id) || undefined,
		requestClass: duty === 'memory' ? 'auxiliary' : kind === undefined ? undefined : 'subagent',
		agentType: textOf(turn.agent_role) ?? kind,
		isSubagent: kind !== undefined || parent !== undefined,
		purpose: duty === 'memory' ? undefined : duty,
	};
}

/** Keeping its memories is Codex's own housekeeping; its guardian decides which commands run. */
function codexDuty(turn: Fields, kinds: readonly (string | undefined)[]): Purpose | 'memory' | undefined {
	const words = [turn.request_kind, turn.task_kind, turn.thread_source, ...kinds].flatMap((word) => textOf(word) ?? []);
	if (words.some((word) => word.startsWith('guardian'))) return 'safety-classifier';
	if (words.some((word) => word === 'compaction' || word === 'compact')) return 'compaction';
	return words.some((word) => word === 'memory' || word === 'memory_consolidation') ? 'memory' : undefined;
}

/** opencode, and whoever else names its session: a session with a parent is a sub-agent of it. */
function readSessionHeaders(read: ReadHeader, client: ClientMark): HeaderSignals {
	const own = read('x-session-id') ?? read('x-session-affinity');
	const parent = read('x-parent-session-id');
	return {
		client,
		sessionId: parent ?? own,
		agentId: parent === undefined ? undefined : own,
		parentAgentId: undefined,
		promptId: undefined,
		requestClass: undefined,
		agentType: undefined,
		isSubagent: parent !== undefined,
		purpose: undefined,
	};
}

export function parseFields(json: string | undefined): Fields {
	try {
		const value: unknown = JSON.parse(json ?? '{}');
		return isFields(value) ? value : {};
	} catch {
		return {};
	}
}
