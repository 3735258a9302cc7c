import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../appliance/cli/connect/diff.ts';
import { claudeCode, codex, opencode, shell } from '../../../appliance/cli/connect/edits.ts';

const ACCESS = { address: 'https://innerloop.local:7343', key: `il_${'k'.repeat(43)}`, caFile: '/home/ada/box-ca.pem' };

describe('the settings of clients', () => {
	it('of Claude Code keep what is theirs, and get address, key, authority, tool search and hints', () => {
		const before = '{\n\t"model": "opus",\n\t"env": {\n\t\t"EDITOR": "vi"\n\t}\n}\n';
		const after = claudeCode.add(before, ACCESS);
		expect(JSON.parse(after)).toEqual({
			model: 'opus',
			env: {
				EDITOR: 'vi',
				ANTHROPIC_BASE_URL: ACCESS.address,
				ANTHROPIC_AUTH_TOKEN: ACCESS.key,
				ENABLE_TOOL_SEARCH: 'true',
				CLAUDE_CODE_GATEWAY_HINT_HEADERS: '1',
				NODE_EXTRA_CA_CERTS: ACCESS.caFile,
			},
		});
		expect(after).toContain('\n\t"model"');
		expect(claudeCode.add(after, ACCESS)).toBe(after);
		expect(claudeCode.remove(after)).toBe(before);
	});

	it('of Codex put our keys before the first table, and the replaced ones back', () => {
		const before = 'model = "gpt-5.5"\napproval_policy = "never"\n\n[model_providers.other]\nmodel = "mine"\n';
		const after = codex.add(before, ACCESS);
		const [top = '', ...tables] = after.split(/^(?=\[)/m);
		expect(top).toContain('model_provider = "innerloop"');
		expect(top).toContain('# innerloop off puts this back: model = "gpt-5.5"');
		expect(tables.join('')).toContain('\nmodel = "mine"\n');
		expect(tables.join('')).toContain(`http_headers = { "x-innerloop-key" = "${ACCESS.key}" }`);
		expect(codex.remove(after)).toBe(before);
		expect(codex.remove(codex.add('', ACCESS))).toBe('');
	});

	it('of opencode keep other providers', () => {
		const before = '{\n  "provider": {\n    "mine": {}\n  }\n}\n';
		const after = opencode.add(before, ACCESS);
		expect(JSON.parse(after)).toMatchObject({
			provider: { mine: {}, innerloop: { options: { apiKey: ACCESS.key } } },
			model: 'innerloop/innerloop',
		});
		expect(JSON.parse(opencode.remove(after)).provider).toEqual({ mine: {} });
		expect(JSON.parse(opencode.remove(after)).model).toBeUndefined();
	});

	it('of a shell are one block, whichever was there before', () => {
		const after = shell.add('umask 077\n', ACCESS);
		expect(after).toContain(`export ANTHROPIC_AUTH_TOKEN=${ACCESS.key}`);
		expect(after).toContain(`export OPENAI_API_BASE=${ACCESS.address}/v1`);
		expect(shell.add(after, ACCESS)).toBe(after);
		expect(shell.remove(after)).toBe('umask 077\n');
	});

	it.each(['[]', '{"env": }', 'null'])('are left alone where %s is no object', (text) => {
		expect(() => claudeCode.add(text, ACCESS)).toThrow(SyntaxError);
	});
});

describe('the difference that is shown', () => {
	it('has the lines around a change, and covers the key', () => {
		const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].join('\n');
		const diff = unifiedDiff('FILE', before, before.replace('e', `e ${ACCESS.key}`), [ACCESS.key]);
		expect(diff.split('\n')).toEqual(['--- FILE', '+++ FILE', '@@', ' b', ' c', ' d', '-e', '+e il_kkk…', ' f', ' g']);
	});

	it('is empty where nothing changes', () => {
		expect(unifiedDiff('FILE', 'a\n', 'a\n', [])).toBe('');
	});
});
