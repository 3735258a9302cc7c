import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageFilter } from '../../../appliance/dialect/chat-completions/usage-filter.ts';
import { recorded } from './recorded.ts';
import { bytesOf, cutAt, textOf } from './wire.ts';

function filtered(chunks: readonly Uint8Array[]): string {
	const filter = createUsageFilter();
	return [...chunks.map((chunk) => filter.push(chunk)), filter.end()].map(raw).join('');
}

/** One character a byte. */
function raw(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString('latin1');
}

/** The same stream as an upstream writes it that was not asked for usage. */
function withoutUsage(bytes: Uint8Array): string {
	return raw(bytes).replace(/data: \{[^\n]*"choices": ?\[\][^\n]*\n\r?\n/, '');
}

describe('the usage filter', () => {
	it.each(['chat-usage.sse', 'chat-usage-crlf.sse', 'chat-tools.sse', 'chat-python.sse', 'chat-no-done.sse'])(
		'takes the usage event alone out of %s, at every cut',
		(name) => {
			const bytes = recorded(name);
			const expected = withoutUsage(bytes);
			expect(expected.length).toBeLessThan(raw(bytes).length);
			for (let cut = 0; cut <= bytes.length; cut++) expect(filtered(cutAt(bytes, [cut]))).toBe(expected);
		},
	);

	it.each(['chat-text.sse', 'chat-cut.sse', 'chat-error.sse'])('lets every byte of %s through', (name) => {
		const bytes = recorded(name);
		for (let cut = 0; cut <= bytes.length; cut++) expect(filtered(cutAt(bytes, [cut]))).toBe(raw(bytes));
	});

	it('hands on a whole event at once', () => {
		const filter = createUsageFilter();
		const event = 'data: {"choices":[{"delta":{"content":"a"}}],"usage":null}\n\n';
		expect(textOf(filter.push(bytesOf(`${event}data: {"cho`)))).toBe(event);
		expect(textOf(filter.push(bytesOf('ices":[]}')))).toBe('');
		expect(textOf(filter.push(bytesOf('\n\n')))).toBe('data: {"choices":[]}\n\n');
	});

	it('does not hold back an event that is too long to be the one, and finds the next again', () => {
		const long = `data: {"choices":[],"text":"${'x'.repeat(200_000)}"}\n\n`;
		const bytes = bytesOf(`${long}${textOf(recorded('chat-usage.sse'))}`);
		const expected = raw(bytesOf(long)) + withoutUsage(recorded('chat-usage.sse'));
		fc.assert(
			fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
				expect(filtered(cutAt(bytes, cuts)) === expected).toBe(true);
			}),
			{ numRuns: 20 },
		);
		for (let cut = long.length - 3; cut <= long.length + 3; cut++) expect(filtered(cutAt(bytes, [cut])) === expected).toBe(true);
		expect(createUsageFilter().push(bytesOf(long).subarray(0, 100_000)).length).toBe(100_000);
	});
});
