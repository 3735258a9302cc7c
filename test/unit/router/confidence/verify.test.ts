import { describe, expect, it } from 'vitest';
import type { Content, Conversation, JsonValue } from '../../../../appliance/protocol/conversation.ts';
import { claimOf, outcomeOf } from '../../../../appliance/router/confidence/claims.ts';
import { isOtherScript, repeatsItself } from '../../../../appliance/router/confidence/sanity.ts';
import { readTranscript } from '../../../../appliance/router/confidence/transcript.ts';
import { doubtsOfCall } from '../../../../appliance/router/confidence/verify-call.ts';
import { doubtsOfText, doubtsOfWhole } from '../../../../appliance/router/confidence/verify-text.ts';
import { AGENT_TOOLS, calls, conversation, returns, says } from '../../../support/local-engine.ts';

const tools = [
	...AGENT_TOOLS,
	{ name: 'Edit', description: '', inputSchema: { type: 'object' } },
	{ name: 'Write', description: '', inputSchema: { type: 'object' } },
	{ name: 'find_symbol', description: '', inputSchema: { type: 'object' } },
];
const chat: Conversation = conversation([
	says('system', 'Working directory: /home/ada/shop'),
	says('user', 'Why does src/cart.ts drop the last item? Look at `sumItems`.'),
	calls('c1', 'LS', { path: 'src' }),
	returns('c1', 'cart.ts\ncart.test.ts\nprice-table.ts\n'),
	calls('c2', 'Read', { file_path: 'src/cart.ts' }),
	returns('c2', '     1→export function sumItems(items: number[]) {\n     2→\tlet total = 0;\n     3→\treturn total;\n'),
]);
const seen = readTranscript(chat);
const doubts = (name: string, input: JsonValue) => doubtsOfCall({ name, input }, tools, seen);

describe('a tool call against what the caller sent', () => {
	it.each([
		['said whole', 'src/cart.ts'],
		['put together of a listing and its folder', 'src/price-table.ts'],
		['from the working directory', '/home/ada/shop/src/cart.test.ts'],
		['relative', './src/cart.ts'],
		['a folder', '/home/ada'],
		['the folder itself', '.'],
	])('knows a path: %s', (_, path) => {
		expect(doubts('Read', { file_path: path })).toEqual(path === 'src/cart.ts' ? ['call-repeated'] : []);
	});

	it.each([
		['invented', 'src/basket.ts'],
		['in a folder that nobody named', 'lib/cart.ts'],
		['only inside a longer name', 'src/art.ts'],
		['of another user', '/home/bob/shop/src/cart.ts'],
	])('doubts a path: %s', (_, path) => {
		expect(doubts('Read', { file_path: path })).toEqual(['path-not-in-transcript']);
	});

	it('lets a new file be made, and a pattern be searched for that nobody said', () => {
		expect(doubts('Write', { file_path: 'src/totals.ts', content: 'x' })).toEqual([]);
		expect(doubts('Glob', { pattern: '**/*.lock' })).toEqual([]);
		expect(doubts('Grep', { pattern: 'reduce\\(', path: 'src' })).toEqual([]);
	});

	it('looks for every quoted line, and for each part of a symbol', () => {
		const edit = (old_string: string) => doubts('Edit', { file_path: 'src/cart.ts', old_string, new_string: 'x' });
		expect(edit('let total = 0;\n\treturn total;')).toEqual([]);
		expect(edit('let total = 1;\n\treturn total;')).toEqual(['quote-not-in-transcript']);
		expect(doubts('find_symbol', { symbol: 'cart.sumItems' })).toEqual([]);
		expect(doubts('find_symbol', { symbol: 'sumItem' })).toEqual(['symbol-not-in-transcript']);
	});

	it('doubts a tool that was not offered, and the same call once more', () => {
		expect(doubts('Rename', {})).toEqual(['unknown-tool']);
		const again = readTranscript(
			conversation([...chat.messages, calls('c3', 'Grep', { pattern: 'a', path: 'src' }), returns('c3', 'none')]),
		);
		expect(doubtsOfCall({ name: 'Grep', input: { path: 'src', pattern: 'a' } }, tools, again)).toEqual(['call-repeated']);
		expect(doubtsOfCall({ name: 'Grep', input: { path: 'src', pattern: 'b' } }, tools, again)).toEqual([]);
	});
});

const ran = (text: string, isError = false) => {
	const result: Content = { type: 'tool-result', callId: 'c9', name: undefined, isError, content: [{ type: 'text', text }] };
	return readTranscript(conversation([says('user', 'Run the tests.'), calls('c9', 'LS', {}), { role: 'user', content: [result] }]));
};

describe('a claim against the last result', () => {
	it.each([
		['Exit code 1', 'failed'],
		['exited with code 0\n3 failed', 'passed'],
		['Tests: 2 failed, 14 passed', 'failed'],
		['Tests: 0 failed, 14 passed', 'passed'],
		['npm ERR! code ELIFECYCLE', 'failed'],
		['src/a.ts(3,1): error TS2304: Cannot find name', 'failed'],
		['export function failed() {}', undefined],
	] as const)('reads %j as %s', (text, outcome) => {
		expect(outcomeOf(ran(text))).toBe(outcome);
	});

	it.each([
		['All tests pass.', 'passed'],
		['The build succeeded and nothing is left to do.', 'passed'],
		['The tests are failing in cart.ts.', 'failed'],
		['The tests should pass once the import is fixed.', undefined],
		['The tests do not pass yet.', undefined],
		['Run the tests to see whether they pass.', undefined],
		['I read the file.', undefined],
	] as const)('hears in %j that it %s', (sentence, claim) => {
		expect(claimOf(sentence)).toBe(claim);
	});

	it('doubts only the opposite of what was seen', () => {
		expect(doubtsOfText('All tests pass.', [], ran('Tests: 2 failed, 14 passed'))).toEqual(['claim-against-result']);
		expect(doubtsOfText('All tests pass.', [], ran('anything', true))).toEqual(['claim-against-result']);
		expect(doubtsOfText('All tests pass.', [], ran('14 passed'))).toEqual([]);
		expect(doubtsOfText('The build failed.', [], ran('exit code 0'))).toEqual(['claim-against-result']);
		expect(doubtsOfText('All tests pass.', [], seen)).toEqual([]);
	});
});

describe('the form of a text', () => {
	it('doubts a line number in a file that nobody has seen', () => {
		expect(doubtsOfText('See src/cart.ts:3 for the sum.', [], seen)).toEqual([]);
		expect(doubtsOfText('See src/checkout.ts:3 for the sum.', [], seen)).toEqual(['path-not-in-transcript']);
	});

	it('knows the script of a conversation', () => {
		expect(isOtherScript('这个函数返回总和', 'Why does the sum fail?')).toBe(true);
		expect(isOtherScript('这个函数返回总和', '为什么总和不对?')).toBe(false);
		expect(isOtherScript('这个函数返回总和', 'Translate "the sum" for me')).toBe(false);
		expect(isOtherScript('The sum is wrong.', 'Почему сумма неверна?')).toBe(false);
		expect(isOtherScript('α = β', 'What is the angle between the two lines?')).toBe(false);
	});

	it('sees circles, in lines and inside one', () => {
		const line = 'The function returns the sum.';
		expect(repeatsItself(line, [line, line])).toBe(false);
		expect(repeatsItself(line, [line, 'Another.', line, line])).toBe(true);
		expect(repeatsItself('}', ['}', '}', '}', '}'])).toBe(false);
		expect(repeatsItself(`It is ${'very '.repeat(40)}`.trim(), [])).toBe(true);
		expect(repeatsItself('-'.repeat(200), [])).toBe(false);
	});

	it('judges a whole answer', () => {
		const whole = { text: '{"a":1}', hasCall: false, isCut: false, isStructured: true, mostCharacters: undefined };
		expect(doubtsOfWhole(whole)).toEqual([]);
		expect(doubtsOfWhole({ ...whole, text: '{"a":' })).toEqual(['not-json']);
		expect(doubtsOfWhole({ ...whole, text: '{"a":', isCut: true })).toEqual([]);
		expect(doubtsOfWhole({ ...whole, text: ' ' })).toEqual(['empty-answer']);
		expect(doubtsOfWhole({ ...whole, text: '', hasCall: true })).toEqual([]);
		expect(doubtsOfWhole({ ...whole, isStructured: false, text: 'x'.repeat(161), mostCharacters: 160 })).toEqual(['too-long']);
	});
});
