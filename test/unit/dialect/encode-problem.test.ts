import { describe, expect, it } from 'vitest';
import { DIALECTS_BY_NAME } from '../../../appliance/dialect/dialects.ts';
import { PROBLEM_STATUS, Problem, type ProblemCode } from '../../../appliance/protocol/problem.ts';

const { anthropic, 'chat-completions': chat } = DIALECTS_BY_NAME;

describe('a Problem on the wire', () => {
	it.each(Object.entries(PROBLEM_STATUS))('%s keeps its status %i in both dialects', (code, status) => {
		for (const dialect of [anthropic, chat]) {
			const reply = dialect.encodeProblem(new Problem(code as ProblemCode, 'In words.'), 'call-1');
			expect(reply.status).toBe(status);
			const { error } = JSON.parse(reply.body);
			expect(error.type).toBeTypeOf('string');
			expect(error.message).toBeTypeOf('string');
		}
	});

	it('has the envelope of its dialect', () => {
		const problem = new Problem('invalid-call', 'model: expected a string.', { details: { field: 'model' } });
		expect(JSON.parse(anthropic.encodeProblem(problem, 'call-1').body)).toEqual({
			type: 'error',
			error: { type: 'invalid_request_error', message: 'model: expected a string.' },
			request_id: 'call-1',
		});
		expect(JSON.parse(chat.encodeProblem(problem, 'call-1').body)).toEqual({
			error: { message: 'model: expected a string.', type: 'invalid_request_error', param: 'model', code: 'invalid_call' },
		});
	});

	it('says when to come back, and whether', () => {
		const busy = new Problem('local-busy', 'All slots are taken.', { isRetryable: true, retryAfterSeconds: 1.2 });
		for (const dialect of [anthropic, chat]) {
			expect(dialect.encodeProblem(busy, 'c').headers).toMatchObject({ 'retry-after': '2', 'x-should-retry': 'true' });
			expect(dialect.encodeProblem(new Problem('budget-exhausted', 'Spent.'), 'c').headers).toMatchObject({ 'x-should-retry': 'false' });
		}
	});

	it('uses the words about the window that clients match on', () => {
		const details = { inputTokens: 9_000, contextTokens: 8_192 };
		const problem = new Problem('context-window-exceeded', 'No deployment has the window.', { details });
		expect(anthropic.encodeProblem(problem, '').body).toContain(
			'prompt is too long: 9000 tokens > 8192 maximum. No deployment has the window.',
		);
		expect(chat.encodeProblem(problem, '').body).toContain(
			"This model's maximum context length is 8192 tokens; your messages come to 9000.",
		);
		const engine = new Problem('context-window-exceeded', 'Too much.', {
			details: { promptTokens: 8_000, wantedTokens: 500, contextTokens: 8_192 },
		});
		expect(JSON.parse(anthropic.encodeProblem(engine, '').body).error.message).toBe(
			'input length and `max_tokens` exceed context limit: 8000 + 500 > 8192. Too much.',
		);
		const bare = new Problem('context-window-exceeded', 'Prompt is too long for every window.');
		expect(JSON.parse(anthropic.encodeProblem(bare, '').body).error.message).toBe('Prompt is too long for every window.');
	});

	it('does not tell the caller what an internal error said', () => {
		const problem = new Problem('internal', 'ENOENT /etc/secret');
		for (const dialect of [anthropic, chat]) {
			expect(dialect.encodeProblem(problem, 'call-1').body).not.toContain('secret');
			expect(dialect.encodeProblem(problem, 'call-1').body).toContain('call-1');
			expect(dialect.encodeStreamProblem(problem, 'call-1')).not.toContain('secret');
		}
	});

	it('ends a failed stream without its clean last word', () => {
		const problem = new Problem('upstream-failed', 'Cut.');
		expect(anthropic.encodeStreamProblem(problem, 'c')).toMatch(/^event: error\ndata: \{"type":"error",.*\}\n\n$/);
		expect(chat.encodeStreamProblem(problem, 'c')).toMatch(/^data: \{"error":.*\}\n\n$/);
	});
});
