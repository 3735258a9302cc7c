/** What Prometheus reads of the calls, and the log line that is put together by hand. */

import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../appliance/protocol/decision.ts';
import { NO_USAGE } from '../../../appliance/protocol/stream.ts';
import { CallSeries } from '../../../appliance/server/call-series.ts';
import { isoTime } from '../../../appliance/server/iso-time.ts';
import { infoLine, lineWriterOf } from '../../../appliance/server/log.ts';

const outcome = (latencyMs: number, status = 200): Outcome => ({
	callId: 'call_1',
	deployment: 'mid',
	status,
	costNanoUsd: 2_000_000_000,
	isCostBound: false,
	latencyMs,
	firstByteMs: 3,
	problemCode: undefined,
	inputTokens: 7,
	outputTokens: undefined,
	cacheReadTokens: undefined,
});

describe('the series of calls', () => {
	it('counts each call once in every series, with cumulative buckets', () => {
		const series = new CallSeries();
		const call = { role: 'mid', tier: 'mid', deployment: 'a"b', usage: { ...NO_USAGE, inputTokens: 7 }, reservedNanoUsd: 5 };
		series.count({ ...call, outcome: outcome(4), settledNanoUsd: 6 });
		series.count({ ...call, outcome: outcome(2_000, 529), settledNanoUsd: undefined });
		const lines = series.text().split('\n');
		expect(lines).toContain('innerloop_calls_total{role="mid",tier="mid",deployment="a\\"b",status="200"} 1');
		expect(lines).toContain('innerloop_calls_total{role="mid",tier="mid",deployment="a\\"b",status="529"} 1');
		expect(lines).toContain('innerloop_call_seconds_bucket{le="0.0025",tier="mid",deployment="a\\"b"} 0');
		expect(lines).toContain('innerloop_call_seconds_bucket{le="0.005",tier="mid",deployment="a\\"b"} 1');
		expect(lines).toContain('innerloop_call_seconds_bucket{le="2.5",tier="mid",deployment="a\\"b"} 2');
		expect(lines).toContain('innerloop_call_seconds_bucket{le="+Inf",tier="mid",deployment="a\\"b"} 2');
		expect(lines).toContain('innerloop_call_seconds_sum{tier="mid",deployment="a\\"b"} 2.004');
		expect(lines).toContain('innerloop_tokens_total{tier="mid",deployment="a\\"b",kind="input"} 14');
		expect(lines).toContain('innerloop_cost_usd_total{tier="mid",deployment="a\\"b"} 4');
		expect(lines).toContain('innerloop_overruns_total 1');
	});

	it('has a head for every series before the first call', () => {
		expect(new CallSeries().text().match(/^# TYPE /gm)).toHaveLength(8);
	});
});

describe('a log line put together by hand', () => {
	it('is what the logger would have written', () => {
		const written: string[] = [];
		const logger = pino(
			{ level: 'info', base: null, timestamp: () => ',"time":"2026-11-23T16:00:00.007Z"' },
			{ write: (line: string) => written.push(line) },
		);
		const first = outcome(4);
		const second = { member: 'a "quoted" name', model: undefined, reasons: 'one,two' };
		logger.info({ ...first, ...second }, 'call');
		const line = infoLine(isoTime(Date.UTC(2026, 10, 23, 16, 0, 0, 7)), JSON.stringify(first), JSON.stringify(second), 'call');
		lineWriterOf(logger)?.(line);
		expect(written[1]).toBe(written[0]);
	});

	it.each([0, 1, 999, 1_000, 1_764_000_000_123])('writes %i ms as the platform does', (ms) => {
		expect(isoTime(ms)).toBe(new Date(ms).toISOString());
	});
});
