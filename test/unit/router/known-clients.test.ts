import { describe, expect, it } from 'vitest';
import type { ClientMark } from '../../../appliance/protocol/call.ts';
import { unknownVersion } from '../../../appliance/router/known-clients.ts';
import { planCall } from '../../../appliance/router/plan-call.ts';
import { call, claudeCode, input } from './make-input.ts';

const codes = (client: ClientMark) => unknownVersion(call({ signals: { client } })).map(({ code }) => code);

describe('the version of a client', () => {
	it.each([
		['claude-code', '2.0.77'],
		['claude-code', '2.1.5'],
		['claude-code', '2.1.330'],
		['codex', '0.169.0'],
		['opencode', '1.18.33'],
	] as const)('%s %s is known', (name, version) => {
		expect(codes({ name, version })).toEqual([]);
	});

	it.each([
		['claude-code', '1.0.128'],
		['claude-code', '2.1.331'],
		['claude-code', '3.0.0'],
		['codex', '0.170.0-alpha.1'],
		['opencode', 'local'],
	] as const)('%s %s is reported as unknown', (name, version) => {
		expect(codes({ name, version })).toEqual(['unknown-client-version']);
	});

	it('is no matter for programs on the SDKs, and where nobody says it', () => {
		expect(codes({ name: 'openai-sdk', version: '99.0.0' })).toEqual([]);
		expect(codes({ name: 'aider', version: undefined })).toEqual([]);
		expect(codes({ name: 'unknown', version: undefined })).toEqual([]);
	});

	it('is reported in the plan, which is no other for it', () => {
		const other = claudeCode({ signals: { client: { name: 'claude-code', version: '9.0.0' } } });
		const [known, unknown] = [claudeCode(), other].map((one) => planCall(input({ call: one })));
		expect(unknown?.reasons.map(({ code }) => code)).toContain('unknown-client-version');
		expect([unknown?.role, unknown?.candidates]).toEqual([known?.role, known?.candidates]);
	});

	it('stands in the reason short and printable', () => {
		const [reason] = unknownVersion(call({ signals: { client: { name: 'codex', version: `1\n${'x'.repeat(9_999)}` } } }));
		expect(reason?.text).toContain(`codex 1_${'x'.repeat(30)} is a version`);
	});
});
