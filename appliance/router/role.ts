/**
 * Which loop of its agent's work a call belongs to. The table is read from the top and the first row that fits counts:
 * first what the client says of itself in headers, then what the shape of its call shows, last the model that it names.
 *
 * A turn of a main loop stays outer even when it only digests a file that was read: another deployment would have to
 * read the whole session anew, which costs more than the turn saves. So roles change at the borders of sessions,
 * sub-agents and auxiliary calls, and nowhere else.
 */

import type { Call } from '../protocol/call.ts';
import type { Reason } from '../protocol/decision.ts';
import type { Role } from '../protocol/words.ts';
import type { AskedModel } from './model-name.ts';
import { isActingTool, isReadTool, isWriteTool } from './tools.ts';

interface RoleRule {
	readonly code: string;
	readonly role: Role;
	readonly text: string;
	when(call: Call, asked: AskedModel): boolean;
}

/** Agents that look and do not touch, as their clients call them. */
const SEARCH_AGENTS = /^(?:explore|explorer|search|searcher|file-?search|grep|locate|reader|codebase-(?:search|locator|analyzer))$/i;
/** Room for a label, a yes or a no: no agent's turn fits in it. */
const TINY_CAP_TOKENS = 256;

const hasTools = ({ signals }: Call): boolean => signals.toolNames.length + signals.serverToolTypes.length > 0;
const isTiny = (call: Call): boolean => (call.outputCapTokens ?? Number.POSITIVE_INFINITY) <= TINY_CAP_TOKENS && !hasTools(call);
const hasWriteTool = ({ signals }: Call): boolean => signals.toolNames.some(isWriteTool);
const hasActingTool = ({ signals }: Call): boolean => signals.toolNames.some(isActingTool);
const isLight = (asked: AskedModel): boolean => asked.role === 'inner';
const AGENT_CLIENTS: ReadonlySet<string> = new Set(['claude-code', 'codex', 'opencode', 'aider']);
const isAgentClient = ({ signals }: Call): boolean => AGENT_CLIENTS.has(signals.client.name);
const isSubagent = ({ signals }: Call): boolean => signals.isSubagent || signals.requestClass === 'subagent';
const justRead = ({ signals }: Call): boolean => signals.answeredToolNames.length > 0 && signals.answeredToolNames.every(isReadTool);

export const ROLE_RULES: readonly RoleRule[] = [
	{
		code: 'probe',
		role: 'inner',
		text: 'The call only tests whether somebody answers.',
		when: ({ signals }) => signals.purpose === 'probe',
	},
	{
		code: 'compaction',
		role: 'mid',
		text: 'The client compacts its session into a summary.',
		when: ({ signals }) => signals.purpose === 'compaction' || signals.requestClass === 'compaction',
	},
	{ code: 'title', role: 'inner', text: 'The client asks for a title.', when: ({ signals }) => signals.purpose === 'title' },
	{
		code: 'commit-message',
		role: 'inner',
		text: 'The client asks for a commit message.',
		when: ({ signals }) => signals.purpose === 'commit-message',
	},
	{
		code: 'class-auxiliary',
		role: 'inner',
		text: 'The client calls it auxiliary.',
		when: ({ signals }) => signals.requestClass === 'auxiliary',
	},
	{
		code: 'class-workflow',
		role: 'mid',
		text: 'The client calls it a step of a workflow.',
		when: ({ signals }) => signals.requestClass === 'workflow',
	},
	{
		code: 'plan',
		role: 'outer',
		text: 'The client plans.',
		when: ({ signals }) => signals.purpose === 'plan' || /^(?:plan|planner|architect)$/i.test(signals.agentType ?? ''),
	},
	{
		code: 'search-agent',
		role: 'inner',
		text: 'A sub-agent of a kind that looks and does not touch.',
		when: (call) => isSubagent(call) && SEARCH_AGENTS.test(call.signals.agentType ?? ''),
	},
	{
		code: 'subagent-without-write-tools',
		role: 'inner',
		text: 'A sub-agent that has no tool to change a file.',
		when: (call) => isSubagent(call) && hasTools(call) && !hasWriteTool(call),
	},
	{ code: 'subagent', role: 'mid', text: 'A sub-agent implements what it was told.', when: isSubagent },
	{ code: 'class-main', role: 'outer', text: 'The client calls it its main loop.', when: ({ signals }) => signals.requestClass === 'main' },
	{ code: 'tiny-cap', role: 'inner', text: 'It asks for a few words, and offers no tools.', when: isTiny },
	{
		code: 'structured-without-tools',
		role: 'inner',
		text: 'An agent asks for a small structured answer, and offers no tools.',
		when: (call) => isAgentClient(call) && call.signals.hasStructuredOutput && !hasTools(call),
	},
	{
		code: 'light-model-id',
		role: 'inner',
		text: 'It names a light model, and offers no tool that writes or runs.',
		when: (call, asked) => isLight(asked) && !hasActingTool(call),
	},
	{ code: 'main-loop', role: 'outer', text: "A turn of an agent's main loop.", when: isAgentClient },
	{
		code: 'light-model-id-with-tools',
		role: 'mid',
		text: 'It names a light model, but offers tools that write or run.',
		when: (_, asked) => isLight(asked),
	},
	{
		code: 'digests-what-it-read',
		role: 'inner',
		text: 'It digests what a reading tool gave, for a model of the middle class, and offers no tool that writes or runs.',
		when: (call, asked) => asked.role === 'mid' && justRead(call) && !hasActingTool(call),
	},
	{ code: 'mid-model-id', role: 'mid', text: 'It names a model of the middle class.', when: (_, asked) => asked.role === 'mid' },
	{ code: 'frontier-model-id', role: 'outer', text: 'It names a frontier model.', when: (_, asked) => asked.role === 'outer' },
];

/** Total: a call that no row fits is mid. */
export function classifyRole(call: Call, asked: AskedModel): { readonly role: Role; readonly reasons: readonly Reason[] } {
	const rule = ROLE_RULES.find(({ when }) => when(call, asked));
	if (rule === undefined) {
		const text = 'Neither the client nor the model id says what the call is for.';
		return { role: 'mid', reasons: [{ step: 'role', code: 'unknown-model-id', text }] };
	}
	return { role: rule.role, reasons: [{ step: 'role', code: rule.code, text: rule.text }] };
}
