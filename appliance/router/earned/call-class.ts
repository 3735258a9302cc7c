/** The class that a call's evidence is counted in: what it is for, whose it is, and what it comes after. */

import type { Call } from '../../protocol/call.ts';
import type { Role } from '../../protocol/words.ts';
import { isReadTool, isWriteTool } from '../tools.ts';

export function classOf({ signals }: Call, role: Role): string {
	if (signals.purpose !== undefined) return signals.purpose;
	const whose = signals.isSubagent
		? 'subagent'
		: signals.requestClass === 'auxiliary' || signals.toolNames.length === 0
			? 'auxiliary'
			: 'main';
	return `${role}/${whose}/${after(signals.answeredToolNames)}`;
}

function after(answered: readonly string[]): string {
	if (answered.length === 0) return 'start';
	if (answered.some(isWriteTool)) return 'after-writing';
	return answered.every(isReadTool) ? 'after-reading' : 'after-running';
}
