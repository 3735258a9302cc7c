/** A real box on a network of its own, found and connected by the file that it serves, under the Node of developers. */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICE_FLAGS } from '../../scripts/launch/service-node.mjs';
import { installDiscoveryTools } from '../support/discovery-tools.ts';
import { type Lab, type LabHost, openLab } from '../support/network-lab.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BOX = '10.79.0.1';
const SETTINGS = '{\n  "model": "opus",\n  "env": { "EDITOR": "vi" }\n}';
const CODEX = 'model = "gpt-5.5"\n[features]\nx = true\n';

/** Asks in a process of its own with other variables, since Node reads the authorities at its start. */
const ASK = `import { execFileSync } from 'node:child_process';
const [url, key, body, variables] = process.argv.slice(2);
if (variables !== undefined) {
	process.stdout.write(execFileSync(process.execPath, [process.argv[1], url, key, body], { env: { ...process.env, ...JSON.parse(variables) } }));
} else {
	const headers = { authorization: 'Bearer ' + key, 'content-type': 'application/json' };
	const reply = await fetch(url, { headers, ...(body ? { method: 'POST', body } : {}) }).catch(() => undefined);
	console.log(JSON.stringify({ status: reply?.status ?? 0, json: await reply?.json() }));
}`;

interface Ended {
	readonly code: number | null;
	readonly output: string;
}

describe('connecting a developer’s machine', () => {
	let lab: Lab;
	let box: LabHost;
	let near: LabHost;
	let key = '';
	let home = '';
	let file = '';
	let words = '';
	let stopBox: () => Promise<void>;

	/** The Node that is installed, not the one that the box runs under. */
	const run = (host: LabHost, program: string, ...args: string[]): Promise<Ended> =>
		new Promise((resolve) => {
			const outside = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
			const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), PATH: [...outside, '/usr/sbin'].join(':') };
			const child = host.spawn('node', [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
			let output = '';
			for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
			child.once('close', (code) => resolve({ code, output }));
		});
	const settings = () => readFileSync(join(home, '.claude/settings.json'), 'utf8');

	beforeAll(async () => {
		lab = await openLab(await installDiscoveryTools());
		[box, near] = await Promise.all([lab.host(), lab.host()]);
		await lab.connect('lan0', { host: box, addresses: [`${BOX}/24`] }, { host: near, addresses: ['10.79.0.2/24'] });
		home = join(lab.folder, 'home');
		file = join(lab.folder, 'innerloop.mjs');
		for (const folder of ['.claude', '.codex']) mkdirSync(join(home, folder), { recursive: true });
		writeFileSync(join(home, '.claude/settings.json'), SETTINGS);
		writeFileSync(join(home, '.codex/config.toml'), CODEX);
		const config = join(lab.folder, 'config.json');
		writeFileSync(
			config,
			JSON.stringify({ version: 1, server: { host: '0.0.0.0' }, local: { isEnabled: false }, discovery: { name: 'Team box' } }),
		);
		const args = [...SERVICE_FLAGS, '--disable-warning=ExperimentalWarning', join(ROOT, 'appliance/main.ts'), 'serve'];
		const service = box.spawn(process.execPath, [...args, '--config', config, '--data', join(lab.folder, 'data')], {
			cwd: ROOT,
			stdio: ['ignore', 'pipe', 'pipe'],
			env: { HOME: lab.folder },
		});
		for (const stream of [service.stdout, service.stderr]) stream?.on('data', (chunk: Buffer) => (words += chunk.toString()));
		await box.until(
			'the box',
			async () => {
				key = /\bil_[A-Za-z0-9_-]{43}/.exec(words)?.[0] ?? '';
				if (key === '') throw new Error(words.slice(-2_000));
			},
			60_000,
		);
		stopBox = async () => {
			const ended = new Promise((resolve) => service.once('exit', resolve));
			service.kill('SIGTERM');
			await ended;
		};
	});
	afterAll(() => lab?.stop());

	it('fetches one file from the box, which is what the box says it is', async () => {
		const fetcher = join(lab.folder, 'fetch.mjs');
		writeFileSync(
			fetcher,
			`import { writeFileSync } from 'node:fs';
const page = await (await fetch('http://${BOX}:7341/connect')).text();
const reply = await fetch('http://${BOX}:7341/connect.mjs');
writeFileSync(process.argv[2], Buffer.from(await reply.arrayBuffer()));
console.log(JSON.stringify({ page, sha256: reply.headers.get('x-sha256') }));`,
		);
		const { output } = await run(near, fetcher, file);
		const { page, sha256 } = JSON.parse(output) as { page: string; sha256: string };
		expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(sha256);
		expect(page).toContain(sha256);
		expect(page).toContain(`http://${BOX}:7341/connect.mjs`);
	});

	it('lists the box with version, health and address', async () => {
		await delay(1_500);
		const { code, output } = await run(near, file, 'discover', '--json');
		expect(code, output).toBe(0);
		const { boxes } = JSON.parse(output) as { boxes: Record<string, unknown>[] };
		expect(boxes).toHaveLength(1);
		expect(boxes[0]).toMatchObject({
			name: 'Team box',
			version: '0.1.0',
			health: 'ready',
			addresses: expect.arrayContaining([BOX]),
			port: 7341,
		});
		expect(JSON.stringify(boxes)).not.toContain(key);
	});

	it('answers plain HTTP from another machine with the way to HTTPS, and takes no key there', async () => {
		const asker = join(lab.folder, 'ask-plainly.mjs');
		writeFileSync(
			asker,
			`const [url, key] = process.argv.slice(2);
const headers = key === undefined ? {} : { authorization: 'Bearer ' + key };
const reply = await fetch(url, { headers, redirect: 'manual' });
console.log(JSON.stringify({ status: reply.status, location: reply.headers.get('location'), text: await reply.text() }));`,
		);
		const askPlainly = async (host: LabHost, path: string, withKey?: string) => {
			const { output } = await run(host, asker, `http://${BOX}:7341${path}`, ...(withKey === undefined ? [] : [withKey]));
			return JSON.parse(output) as { status: number; location: string | null; text: string };
		};
		expect(await askPlainly(near, '/healthz')).toMatchObject({ status: 200 });
		expect(await askPlainly(near, '/admin/')).toMatchObject({ status: 308, location: `https://${BOX}:7343/admin/` });
		const refused = await askPlainly(near, '/v1/models', key);
		expect(refused).toMatchObject({ status: 403, text: expect.stringContaining(`https://${BOX}:7343`) });
		expect(refused.text).toContain('revoked');
		expect(await askPlainly(near, '/innerloop/v1/status', key)).toMatchObject({ status: 403 });
	});

	it('sends no key over plain HTTP through the network', async () => {
		const { code, output } = await run(near, file, 'connect', `http://${BOX}:7341`, '--key', key, '--yes');
		expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('nothing was sent') });
		expect(settings()).toBe(SETTINGS);
	});

	it('sends no key to a certificate that nobody vouches for', async () => {
		const { code, output } = await run(near, file, 'connect', 'Team box', '--key', key, '--yes');
		expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('not with the certificate') });
		expect(settings()).toBe(SETTINGS);
	});

	it('pairs through the network by a code, and its clients then trust the box alone', async () => {
		const asker = join(lab.folder, 'ask.mjs');
		writeFileSync(asker, ASK);
		const { output: made } = await run(
			box,
			asker,
			'http://127.0.0.1:7341/innerloop/v1/pairing/codes',
			key,
			'{"member":"owner","minutes":60}',
		);
		const { code: pairingCode } = (JSON.parse(made) as { json: { code: string } }).json;
		const wrong = await run(
			near,
			file,
			'connect',
			'Team box',
			'--code',
			`${pairingCode.slice(0, -1)}${pairingCode.endsWith('A') ? 'B' : 'A'}`,
			'--yes',
		);
		expect(wrong.code, wrong.output).toBe(1);
		expect(settings()).toBe(SETTINGS);
		const paired = await run(near, file, 'connect', 'Team box', '--code', pairingCode, '--yes', '--client', 'claude-code');
		expect(paired.code, paired.output).toBe(0);
		const { env } = JSON.parse(settings()) as { env: Record<string, string> };
		expect(env.ANTHROPIC_BASE_URL).toMatch(/^https:\/\/(?:10\.79\.0\.1|[a-z0-9-]+\.local):7343$/);
		const ask = (variables: Record<string, string>) =>
			run(near, asker, `${env.ANTHROPIC_BASE_URL}/v1/models`, env.ANTHROPIC_AUTH_TOKEN ?? '', '', JSON.stringify(variables));
		expect((await ask({ NODE_EXTRA_CA_CERTS: env.NODE_EXTRA_CA_CERTS ?? '' })).output).toContain('"status":200');
		expect((await ask({})).output).toContain('"status":0');
		expect(await run(near, file, 'connect', '--check')).toMatchObject({ code: 0 });
		expect((await run(near, file, 'off')).output).toContain('byte for byte');
		expect(settings()).toBe(SETTINGS);
	});

	it('names what was found where the name is another', async () => {
		const { code, output } = await run(near, file, 'connect', 'Other box', '--key', key);
		expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('Team box') });
	});

	it('shows the difference, without the key, and writes nothing before it is told to', async () => {
		const { code, output } = await run(box, file, 'connect', 'http://127.0.0.1:7341', '--key', key);
		expect(code).toBe(2);
		expect(output).toContain('+    "ANTHROPIC_BASE_URL": "http://127.0.0.1:7341"');
		expect(output).not.toContain(key);
		expect(settings()).toBe(SETTINGS);
	});

	it('refuses a key that the box does not know', async () => {
		const { code, output } = await run(box, file, 'connect', 'http://127.0.0.1:7341', '--key', `il_${'x'.repeat(43)}`, '--yes');
		expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('does not take this key') });
	});

	it('writes the settings once, says how they are, and puts them back byte for byte', async () => {
		const connect = () => run(box, file, 'connect', 'http://127.0.0.1:7341', '--key', key, '--yes');
		expect((await connect()).code).toBe(0);
		const written = settings();
		expect(JSON.parse(written)).toMatchObject({
			model: 'opus',
			env: { EDITOR: 'vi', ANTHROPIC_AUTH_TOKEN: key, ENABLE_TOOL_SEARCH: 'true' },
		});
		expect(readFileSync(join(home, '.codex/config.toml'), 'utf8')).toContain('model_provider = "innerloop"');
		expect((await connect()).output).toContain('All is as it should be');
		expect(settings()).toBe(written);
		expect(await run(box, file, 'connect', '--check')).toMatchObject({
			code: 0,
			output: expect.stringContaining('answers at http://127.0.0.1:7341'),
		});
		expect((await run(box, file, 'off', 'claude-code')).output).toContain('byte for byte');
		expect(settings()).toBe(SETTINGS);
		expect((await run(box, file, 'off')).code).toBe(0);
		expect(readFileSync(join(home, '.codex/config.toml'), 'utf8')).toBe(CODEX);
		expect((await run(box, file, 'off')).output).toContain('Nothing is connected');
	});

	it('keeps what was changed by hand since, and takes out its own alone', async () => {
		await run(box, file, 'connect', 'http://127.0.0.1:7341', '--key', key, '--yes', '--client', 'claude-code');
		writeFileSync(join(home, '.claude/settings.json'), settings().replace('"opus"', '"sonnet"'));
		expect((await run(box, file, 'off')).output).toContain('changed since');
		expect(JSON.parse(settings())).toEqual({ model: 'sonnet', env: { EDITOR: 'vi' } });
		writeFileSync(join(home, '.claude/settings.json'), SETTINGS);
	});

	it('says at once that the box is gone, and how to work without it', async () => {
		await run(box, file, 'connect', 'http://127.0.0.1:7341', '--key', key, '--yes');
		await stopBox();
		const { code, output } = await run(box, file, 'connect', '--check');
		expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('innerloop off') });
		expect((await run(near, file, 'discover')).output).toContain('No box was found');
		expect((await run(box, file, 'off')).code).toBe(0);
		expect(settings()).toBe(SETTINGS);
	});
});
