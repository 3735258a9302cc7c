/** The article's example session with our token sizes: with its inner steps in sub-agents, or all in one loop. */

import example from '../../test/data/example-session.json' with { type: 'json' };
import type { Session, SessionCall } from './session.ts';

type AgentName = keyof typeof example.agents;

interface Agent {
	readonly prefixTokens: number;
	readonly type?: string;
	readonly tools: readonly string[];
}

const DURATION_MS = 6_000;

/** The middle of the article's range. */
const countOf = ({ atLeast, atMost }: (typeof example.steps)[number]): number => Math.round((atLeast + atMost) / 2);

/** @param isOneLoop the main agent does every step itself, as a session without sub-agents does */
export function exampleSession(isOneLoop: boolean): Session {
	const prompts = new Map<AgentName, number>();
	const calls: SessionCall[] = [];
	for (const step of example.steps) {
		const name = isOneLoop ? 'main' : (step.agent as AgentName);
		const agent: Agent = example.agents[name];
		for (let nth = 0; nth < countOf(step); nth += 1) {
			const held = prompts.get(name) ?? 0;
			const newTokens = step.newTokens + (held === 0 ? agent.prefixTokens : 0);
			const promptTokens = held + newTokens;
			// What the model wrote is part of the next prompt, and nobody has read it into a cache yet.
			prompts.set(name, promptTokens + step.outputTokens);
			calls.push({
				conversation: name,
				isSubagent: name !== 'main',
				agentType: agent.type,
				toolNames: agent.tools,
				promptTokens,
				newTokens,
				outputTokens: step.outputTokens,
				atMs: calls.length * example.secondsBetweenCalls * 1_000,
				durationMs: DURATION_MS,
			});
		}
	}
	return { name: isOneLoop ? 'example, one loop' : 'example, sub-agents', calls };
}
