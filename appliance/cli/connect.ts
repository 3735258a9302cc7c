/** `innerloop connect` and `innerloop off`: write a box into the settings of this machine's clients, and put them back. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { type Client, clientsOf, EDITS, keptFolder, shellClient } from './connect/clients.ts';
import { unifiedDiff } from './connect/diff.ts';
import { type Connection, KeptFiles, writeWhole } from './connect/kept-files.ts';
import { firstAnswering } from './connect/probe.ts';
import { findTarget, type Reached, reach } from './connect/reach.ts';

const connect = defineCommand({
	name: 'connect',
	summary: 'Write a box into the settings of Claude Code, Codex, opencode or a shell.',
	positionals: ['[NAME-OR-URL]'],
	options: {
		client: {
			type: 'string',
			value: 'LIST',
			help: `Whose settings: ${Object.keys(EDITS).slice(0, 3).join(',')}. Default: those that are used here.`,
		},
		env: { type: 'string', value: 'FILE', help: 'Write environment variables into this file, to be read by a shell.' },
		code: { type: 'string', value: 'CODE', help: 'Pairing code, as the box or its owner shows it. Default: asked for.' },
		key: { type: 'string', value: 'KEY', help: 'A key of the box, in the place of pairing.' },
		ca: { type: 'string', value: 'FILE', help: "The authority that signs the box's certificate (PEM)." },
		yes: { type: 'boolean', short: 'y', help: 'Write without asking.' },
		check: { type: 'boolean', help: 'Only say whether the box that is connected answers.' },
	},
	details: 'Shows every change before it is made and keeps a copy of each file. innerloop off puts them back.',
	async run({ values, positionals: [named] }, context) {
		const kept = new KeptFiles(keptFolder(context.env, context.home));
		if (values.check === true) return await check(kept, values.json, context);
		if (named === undefined) throw new UsageError('Which box? See: innerloop discover');
		const clients = chosenClients(values.client, values.env, context);
		const target = await findTarget(named);
		const code = async () => values.code ?? (await question('Pairing code: ', context, 'Give the pairing code with --code.'));
		const reached = await reach(target, { key: values.key, caFile: values.ca, code });
		const changes = planChanges(clients, reached, kept);
		showChanges(changes, reached, values.json, context);
		if (changes.every(({ before, after }) => before === after)) return done(target.name, reached, [], values.json, context);
		if (
			values.yes !== true &&
			!/^y(es)?$/i.test(await question('Write this? [y/N] ', context, 'Nothing was written: say --yes to write it.'))
		) {
			context.terminal.note('Nothing was written.');
			return EXIT.failed;
		}
		if (reached.authority !== undefined) writeWhole(caFileOf(kept), Buffer.from(reached.authority));
		const files = changes.map(({ client, after, original }) => kept.write(client.name, client.path, after, original));
		const caFile = reached.authority === undefined ? undefined : caFileOf(kept);
		kept.keep({ box: target.name, addresses: reached.addresses, caFile, files });
		return done(
			target.name,
			reached,
			files.map(({ path }) => path),
			values.json,
			context,
		);
	},
});

const off = defineCommand({
	name: 'off',
	summary: 'Put the settings of clients back as they were before connect.',
	positionals: ['[CLIENT]'],
	options: {},
	details: `CLIENT is one of ${Object.keys(EDITS).join(', ')}; all without it. What was changed by hand since is kept.`,
	async run({ values, positionals: [client] }, { env, home, terminal }) {
		if (client !== undefined && !(client in EDITS))
			throw new UsageError(`There is no client ${JSON.stringify(client)}: ${Object.keys(EDITS).join(', ')}.`);
		const files = new KeptFiles(keptFolder(env, home)).restore(client, (name) => EDITS[name]);
		if (values.json) terminal.json({ files });
		else if (files.length === 0) terminal.print('Nothing is connected.');
		else for (const { path, how } of files) terminal.print(`${path}: ${HOW[how]}`);
		return EXIT.ok;
	},
});

export const connectCommands: readonly Command[] = [connect];
export const offCommands: readonly Command[] = [off];

const HOW = {
	restored: 'as it was, byte for byte',
	cleaned: 'was changed since; only what innerloop wrote is taken out',
	gone: 'is not there any more',
} as const;

const caFileOf = ({ folder }: KeptFiles): string => join(folder, 'box-ca.pem');

interface Change {
	readonly client: Client;
	/** Now. */
	readonly before: string;
	/** Without us; undefined where there was no file. */
	readonly original: string | undefined;
	readonly after: string;
}

function chosenClients(list: string | undefined, envFile: string | undefined, { env, home }: Context): readonly Client[] {
	const all = clientsOf(env, home);
	const names = list?.split(',') ?? all.filter(({ isHere }) => isHere && envFile === undefined).map(({ name }) => name);
	const unknown = names.find((name) => !all.some((client) => client.name === name));
	if (unknown !== undefined)
		throw new UsageError(`There is no client ${JSON.stringify(unknown)}: ${all.map(({ name }) => name).join(', ')}.`);
	const chosen = [...all.filter(({ name }) => names.includes(name)), ...(envFile === undefined ? [] : [shellClient(envFile)])];
	if (chosen.length === 0) throw new UsageError('None of the clients was used here yet: name one with --client, or a file with --env.');
	return chosen;
}

function planChanges(clients: readonly Client[], { addresses, key, authority }: Reached, kept: KeptFiles): readonly Change[] {
	const access = { address: addresses[0] ?? '', key, caFile: authority === undefined ? undefined : caFileOf(kept) };
	return clients.map((client) => {
		const { path, edit } = client;
		try {
			const original = kept.original(path, edit);
			return { client, original, before: readText(path), after: edit.add(original, access) };
		} catch (cause) {
			throw new Error(`${path} cannot be read as settings (${cause instanceof Error ? cause.message : cause}): nothing was written.`, {
				cause,
			});
		}
	});
}

function readText(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}

function showChanges(changes: readonly Change[], { key }: Reached, isJson: boolean | undefined, { terminal }: Context): void {
	const diffs = changes.map(({ client, before, after }) => unifiedDiff(client.path, before, after, [key]));
	const text = diffs.filter((diff) => diff !== '').join('\n');
	if (text !== '') isJson ? terminal.note(text) : terminal.print(text);
}

function done(box: string, { addresses }: Reached, written: readonly string[], isJson: boolean | undefined, { terminal }: Context): number {
	if (isJson) terminal.json({ box, address: addresses[0], written });
	else if (written.length === 0) terminal.print(`All is as it should be: ${box} at ${addresses[0]}.`);
	else terminal.print(`Connected to ${box} at ${addresses[0]}. To put everything back: innerloop off`);
	return EXIT.ok;
}

async function question(text: string, { terminal }: Context, otherwise: string): Promise<string> {
	if (!process.stdin.isTTY || !terminal.isInteractive) throw new UsageError(otherwise);
	const lines = createInterface({ input: process.stdin, output: process.stderr });
	try {
		return (await lines.question(text)).trim();
	} finally {
		lines.close();
	}
}

/** All addresses at once, in the time that one takes. */
async function check(kept: KeptFiles, isJson: boolean | undefined, context: Context): Promise<number> {
	const { terminal } = context;
	const connection = kept.connection();
	if (connection === undefined) throw new Error('Nothing is connected. See: innerloop connect --help');
	const { box, addresses, caFile } = connection;
	const answering = await firstAnswering(addresses, { ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8') });
	const isUsable = answering === addresses[0];
	if (isJson) terminal.json({ box, address: addresses[0], isAnswering: isUsable, answering });
	else terminal.print(sayCheck(connection, answering));
	if (answering === undefined && !isJson && process.stdin.isTTY && terminal.isInteractive) {
		if (/^y(es)?$/i.test(await question('Put the settings back now? [y/N] ', context, ''))) return await off.run([], context);
	}
	return isUsable ? EXIT.ok : EXIT.failed;
}

function sayCheck({ box, addresses, files }: Connection, answering: string | undefined): string {
	if (answering === addresses[0]) return `${box} answers at ${answering}. Connected: ${files.map(({ client }) => client).join(', ')}.`;
	if (answering !== undefined)
		return `${box} answers at ${answering}, not at ${addresses[0]} as the settings say: innerloop connect ${JSON.stringify(box)}`;
	return `${box} does not answer at ${addresses.join(', ')}. To work without it: innerloop off`;
}
