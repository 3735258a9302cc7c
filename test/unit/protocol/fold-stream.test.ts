import { describe, expect, it } from 'vitest';
import { foldStream } from '../../../appliance/protocol/fold-stream.ts';
import { Problem } from '../../../appliance/protocol/problem.ts';
import { NO_USAGE, type StreamPart } from '../../../appliance/protocol/stream.ts';

async function* stream(...parts: StreamPart[]): AsyncGenerator<StreamPart> {
	yield* parts;
}
const start: StreamPart = { type: 'start', id: 'm1', model: 'm', usage: { ...NO_USAGE, inputTokens: 7 } };
const finish: StreamPart = { type: 'finish', reason: 'tool-calls', stopSequence: undefined, usage: { ...NO_USAGE, outputTokens: 3 } };

describe('foldStream', () => {
	it('puts interleaved parts in the order of their index and merges usage', async () => {
		const reply = await foldStream(
			stream(
				start,
				{ type: 'text-start', index: 0 },
				{ type: 'tool-call-start', index: 1, id: 't', name: 'Read' },
				{ type: 'tool-call-delta', index: 1, json: '{"a"' },
				{ type: 'text-delta', index: 0, text: 'hel' },
				{ type: 'tool-call-delta', index: 1, json: ':1}' },
				{ type: 'text-delta', index: 0, text: 'lo' },
				{ type: 'text-end', index: 0 },
				{ type: 'tool-call-end', index: 1 },
				finish,
			),
		);
		expect(reply.content).toEqual([
			{ type: 'text', text: 'hello' },
			{ type: 'tool-call', id: 't', name: 'Read', input: { a: 1 } },
		]);
		expect(reply.usage).toEqual({ ...NO_USAGE, inputTokens: 7, outputTokens: 3 });
		expect(reply.finish).toBe('tool-calls');
	});

	it('refuses a stream without its last word, a broken tool call and an error part', async () => {
		await expect(foldStream(stream(start))).rejects.toMatchObject({ code: 'local-failed' });
		const broken: StreamPart = { type: 'tool-call-delta', index: 0, json: '{' };
		await expect(
			foldStream(stream(start, { type: 'tool-call-start', index: 0, id: 't', name: 'x' }, broken, finish)),
		).rejects.toMatchObject({
			code: 'local-failed',
		});
		const problem = new Problem('local-busy', 'busy');
		await expect(foldStream(stream(start, { type: 'error', problem }))).rejects.toBe(problem);
	});
});
