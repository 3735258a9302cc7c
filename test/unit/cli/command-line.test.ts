import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../appliance/cli/run-command-line.ts';
import { CATALOGUE } from '../../../appliance/model/catalogue.ts';
import { type RecordedContext, recordedContext } from './recording-terminal.ts';

const COMMANDS = [
	'serve',
	'model list',
	'model get',
	'model verify',
	'model use',
	'key add',
	'key list',
	'key set',
	'key revoke',
	'member add',
	'member list',
	'member set',
	'member delete',
	'spend',
	'spend days',
	'spend export',
	'spend saved',
	'deployments',
	'explain',
	'earned',
	'replay',
	'doctor',
];

let home: string;
let context: RecordedContext;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), 'innerloop-cli-'));
	context = recordedContext({}, home);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const run = (...args: string[]): Promise<number> => runCommandLine(args, context);

describe('help', () => {
	test.each(COMMANDS)('innerloop %s --help names its usage and --json', async (command) => {
		expect(await run(...command.split(' '), '--help')).toBe(0);
		expect(context.out()).toContain(`Usage: innerloop ${command}`);
		expect(context.out()).toContain('--json');
		expect(context.err()).toBe('');
	});

	test.each([[], ['--help'], ['help']])('innerloop %s lists every command', async (...args) => {
		expect(await run(...args)).toBe(0);
		for (const command of COMMANDS) expect(context.out()).toContain(`  ${command} `);
	});

	test('a group lists its own commands', async () => {
		expect(await run('key', '--help')).toBe(0);
		expect(context.out()).toContain('key revoke');
		expect(context.out()).not.toContain('member add');
	});

	test('--version', async () => {
		expect(await run('--version')).toBe(0);
		expect(context.out()).toBe('1.2.3\n');
	});
});

describe('wrong usage exits 2 and says what is near', () => {
	test.each([
		['srve', 'Did you mean "serve"?'],
		['key lst', 'Did you mean "list"?'],
		['key', 'One of: add, list, set, revoke.'],
		['model list --jsn', 'Did you mean --json?'],
		['model get', 'needs NAME|URL'],
		['model get smollm-135m', 'Did you mean smollm2-135m?'],
		['model get a b', 'does not know what to do with "b"'],
		['model verify x --sha256 12', '64 hexadecimal digits'],
		['key add', 'needs MEMBER'],
		['key add a --tiers local,mdi', '"mdi" is no tier'],
		['key add a --expires soon', '--expires takes a time'],
		['member add a --day-usd lots', '--day-usd takes an amount'],
		['member set a', 'Say what to change'],
		['member set a --local-only maybe', '--local-only is yes or no'],
		['member set a --tiers huge', 'no tier'],
		['member set a --deployments a,,b', '--deployments takes words'],
		['member set a --requests-per-minute 0', '--requests-per-minute takes a whole number'],
		['member delete a', '--yes'],
		['spend export --by week', '--by is one of day'],
		['spend export --from 2026-02-30', '--from takes a day'],
		['spend export --from 2026-03-02 --to 2026-03-01', 'is behind'],
		['spend days --days 0', '--days takes'],
		['spend saved --days 1.5', '--days takes'],
		['key set k', 'Say what to change'],
		['spend --scope all', '--scope is one of team, member, tree'],
		['explain', 'takes one of'],
		['explain x --recent 5', 'takes one of'],
		['explain --recent 0', '1 to 1000'],
		['explain --file x --dialect latin', '--dialect is one of'],
		['serve --port 99999', '--port takes a number'],
		['serve --port', 'argument missing'],
		['spend --address here', '--address takes an address'],
		['spend --address http://127.0.0.1:1', 'INNERLOOP_KEY'],
	])('innerloop %s', async (line, words) => {
		expect(await run(...line.split(' '))).toBe(2);
		expect(context.err()).toContain(words);
		expect(context.out()).toBe('');
	});

	test('with --json the error is JSON', async () => {
		expect(await run('spend', '--scope', 'all', '--json')).toBe(2);
		expect(JSON.parse(context.out())).toEqual({ error: { code: 'usage', message: expect.stringContaining('--scope is one of') } });
	});
});

describe('without a box', () => {
	test.each(['key list', 'member list', 'spend', 'explain call_x'])('innerloop %s says how to get one, and exits 1', async (line) => {
		expect(await run(...line.split(' '))).toBe(1);
		expect(context.err()).toContain('innerloop serve');
	});

	test('a dry run needs the service', async () => {
		const file = join(home, 'call.json');
		writeFileSync(file, '{}');
		expect(await run('explain', '--file', file)).toBe(1);
		expect(context.err()).toContain('needs the running service');
	});
});

describe('models', () => {
	test('the list says what is here, and what is the default', async () => {
		expect(await run('model', 'list', '--json')).toBe(0);
		const { models } = JSON.parse(context.out()) as { models: { name: string; isPresent: boolean; isDefault: boolean }[] };
		expect(models.map(({ name }) => name)).toEqual(CATALOGUE.map(({ name }) => name));
		expect(models.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(['smollm2-135m']);
		expect(models.some(({ isPresent }) => isPresent)).toBe(false);
	});

	test('what is not here is named with the file to put, and where', async () => {
		expect(await run('model', 'use', 'gemma-4-e2b')).toBe(1);
		expect(context.err()).toContain(join(home, '.cache/innerloop/models/gemma-4-e2b-it-q4_0.gguf'));
		expect(context.err()).toContain('innerloop model get gemma-4-e2b');
	});

	test('use writes the configuration, keeps the rest, and validates it', async () => {
		const model = join(home, 'own.gguf');
		const config = join(home, 'config.json');
		writeFileSync(model, 'GGUF');
		writeFileSync(config, '{\n\t"version": 1,\n\t"log": { "level": "warn" }\n}\n');
		expect(await run('model', 'use', model, '--config', config)).toBe(0);
		expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({ version: 1, log: { level: 'warn' }, local: { model } });
		expect(readFileSync(config, 'utf8')).toContain('\n\t"version"');
		writeFileSync(config, '{"version":1,"lgo":{}}');
		expect(await run('model', 'use', model, '--config', config)).toBe(1);
		expect(context.err()).toMatch(/was not changed[\s\S]*Did you mean "log"/);
		expect(readFileSync(config, 'utf8')).toBe('{"version":1,"lgo":{}}');
	});

	test('use makes the configuration where there is none', async () => {
		const model = join(home, 'own.gguf');
		writeFileSync(model, 'GGUF');
		expect(await run('model', 'use', model)).toBe(0);
		expect(JSON.parse(readFileSync(join(home, '.config/innerloop/config.json'), 'utf8'))).toEqual({ version: 1, local: { model } });
	});

	test('verify compares, or says that it cannot', async () => {
		const model = join(home, 'own.gguf');
		writeFileSync(model, 'GGUF');
		expect(await run('model', 'verify', model)).toBe(0);
		expect(context.out()).toContain('nothing was compared');
		expect(await run('model', 'verify', model, '--sha256', '0'.repeat(64))).toBe(1);
		expect(context.err()).toContain('was expected');
	});
});

describe('doctor', () => {
	test('names every fault of the configuration at once, and exits 1', async () => {
		const config = join(home, 'config.json');
		writeFileSync(config, '{"version":1,"serve":{},"local":{"slots":0}}');
		expect(await run('doctor', '--config', config)).toBe(1);
		expect(context.out()).toMatch(/FAIL {2}configuration[\s\S]*Did you mean "server"[\s\S]*local\.slots/);
	});

	test('a named configuration has to be there', async () => {
		expect(await run('doctor', '--config', join(home, 'nowhere.json'))).toBe(1);
		expect(context.out()).toContain('FAIL  configuration: There is no file');
	});

	test('says whether keys are set, never what they are', async () => {
		context = recordedContext({ ANTHROPIC_API_KEY: 'sk-very-secret' }, home);
		await run('doctor', '--json');
		const { findings } = JSON.parse(context.out()) as { findings: { what: string; state: string; detail: string }[] };
		expect(findings.find(({ what }) => what === 'provider anthropic')).toMatchObject({ state: 'ok', detail: 'ANTHROPIC_API_KEY is set' });
		expect(findings.find(({ what }) => what === 'provider openai')?.state).toBe('warn');
		expect(context.out()).not.toContain('sk-very-secret');
	});

	test('a damaged model file and a foreign database fail', async () => {
		const dir = join(home, 'data');
		const config = join(home, 'config.json');
		const model = join(home, 'own.gguf');
		writeFileSync(model, 'not a model');
		writeFileSync(config, JSON.stringify({ version: 1, local: { model } }));
		writeFileSync(join(home, 'innerloop.db'), 'not a database');
		expect(await run('doctor', '--config', config, '--data', home)).toBe(1);
		expect(context.out()).toMatch(/FAIL {2}model: .*not a GGUF file/);
		expect(context.out()).toMatch(/FAIL {2}database: /);
		expect(dir).not.toBe(home);
	});
});
