import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSseDecoder, encodeSse, type SseEvent } from '../../../appliance/dialect/sse.ts';
import { bytesOf, cutAt } from './wire.ts';

function eventsOf(chunks: readonly Uint8Array[], limit?: number): readonly SseEvent[] {
	const decoder = createSseDecoder(limit);
	const events = chunks.flatMap((chunk) => decoder.push(chunk));
	const last = decoder.end();
	return last === undefined ? events : [...events, last];
}

describe('the event decoder', () => {
	it('takes CR, LF and CRLF, comments, unknown fields, several data lines and a missing space', () => {
		const text = ': comment\n\nevent: a\ndata: 1\n\ndata:2\r\ndata: 3\r\n\r\nid: 7\rdata:  x\r\rdata\n\n\n\nevent: lonely\n\n';
		expect(eventsOf([bytesOf(text)])).toEqual([
			{ event: 'a', data: '1' },
			{ event: '', data: '2\n3' },
			{ event: '', data: ' x' },
			{ event: '', data: '' },
		]);
	});

	it('gives the same events wherever the bytes are cut', () => {
		const line = fc.constantFrom('data: é😀', 'data:x', 'event: e', ': c', '', '', 'data', 'retry: 1');
		const lines = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 20 });
		fc.assert(
			fc.property(lines, fc.array(fc.nat(300), { maxLength: 12 }), (written, cuts) => {
				const bytes = bytesOf(written.map(([text, end]) => text + end).join(''));
				const within = cuts.filter((cut) => cut <= bytes.length);
				expect(eventsOf(cutAt(bytes, within))).toEqual(eventsOf([bytes]));
			}),
			{ numRuns: 1_000 },
		);
	});

	it('reads back what it writes', () => {
		fc.assert(
			fc.property(fc.constantFrom('', 'ping', 'message_stop'), fc.jsonValue(), (event, value) => {
				const data = JSON.stringify(value);
				expect(eventsOf([bytesOf(encodeSse(event, data))])).toEqual([{ event, data }]);
			}),
		);
	});

	it('drops an event over its limit and goes on with the next', () => {
		const text = `data: ${'x'.repeat(500)}\ndata: more\n\ndata: next\n\n`;
		const chunks = cutAt(bytesOf(text), [10, 100, 200, 300, 400, 511, 512]);
		expect(eventsOf(chunks, 100)).toEqual([{ event: '', data: 'next' }]);
	});

	it('hands out what had begun when the bytes stop', () => {
		expect(eventsOf([bytesOf('data: [DONE]')])).toEqual([{ event: '', data: '[DONE]' }]);
		expect(eventsOf([bytesOf('event: x\nda')])).toEqual([{ event: '', data: '' }]);
	});
});
