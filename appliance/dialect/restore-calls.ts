/** Gives the tool calls of a reply the names and the kind that the caller knows them by. */

import type { EncodedTool } from '../protocol/ports.ts';
import type { Reply, StreamPart } from '../protocol/stream.ts';
import { freeformText } from './freeform.ts';

type Tools = ReadonlyMap<string, EncodedTool>;

export function restoreReply(reply: Reply, tools: Tools): Reply {
	if (tools.size === 0) return reply;
	const content = reply.content.map((one) => {
		const tool = one.type === 'tool-call' ? tools.get(one.name) : undefined;
		if (one.type !== 'tool-call' || tool === undefined) return one;
		const { name, isFreeform } = tool;
		if (!isFreeform) return { ...one, name };
		return {
			...one,
			name,
			isFreeform: true as const,
			input: freeformText(typeof one.input === 'string' ? one.input : JSON.stringify(one.input)),
		};
	});
	return { ...reply, content };
}

/** For a stream: a freeform input is let out in one piece, since its text stands escaped inside JSON until then. */
export class CallRestorer {
	private readonly tools: Tools;
	private readonly held = new Map<number, string>();

	constructor(tools: Tools) {
		this.tools = tools;
	}

	take(part: StreamPart): readonly StreamPart[] {
		if (part.type === 'tool-call-start') return [this.start(part)];
		if (part.type === 'tool-call-delta') {
			const held = this.held.get(part.index);
			if (held === undefined) return [part];
			this.held.set(part.index, held + part.json);
			return [];
		}
		const held = part.type === 'tool-call-end' ? this.held.get(part.index) : undefined;
		if (part.type !== 'tool-call-end' || held === undefined) return [part];
		this.held.delete(part.index);
		return [{ type: 'tool-call-delta', index: part.index, json: freeformText(held) }, part];
	}

	private start(part: Extract<StreamPart, { type: 'tool-call-start' }>): StreamPart {
		const tool = this.tools.get(part.name);
		if (tool === undefined) return part;
		if (!tool.isFreeform) return { ...part, name: tool.name };
		this.held.set(part.index, '');
		return { ...part, name: tool.name, isFreeform: true };
	}
}
