/** What is written into each client's own file, and taken out of it again: pure functions of its text. */

import { clientLines } from '../../protocol/client-lines.ts';

export interface Access {
	/** Base address without a slash at its end. */
	readonly address: string;
	readonly key: string;
	/** File of the authority that signs the box's certificate; undefined where everybody trusts it. */
	readonly caFile: string | undefined;
}

/** A client's file: how it is after connecting, and without us. */
export interface Edit {
	/** @param text undefined where there is no file yet. @throws where the text cannot be understood, and says so */
	add(text: string | undefined, access: Access): string;
	/** For a file that changed since: takes out what is ours alone. */
	remove(text: string): string;
}

type Json = Record<string, unknown>;

/** The variables of a client's lines, as they go into a shell. */
function exportsOf(client: string, { address, key }: Access): Record<string, string> {
	const lines =
		clientLines({ address, key })
			.find((one) => one.client === client)
			?.parts.flatMap((part) => part.lines) ?? [];
	return Object.fromEntries(
		lines
			.flatMap((line) => [(/^export (\w+)=(.*)$/.exec(line)?.slice(1, 3) as [string, string] | undefined) ?? []])
			.filter((pair) => pair.length === 2),
	);
}

const claudeEnv = (access: Access): Record<string, string> => ({
	...exportsOf('Claude Code', access),
	...(access.caFile !== undefined && { NODE_EXTRA_CA_CERTS: access.caFile }),
});
const OUR_VARIABLES = Object.keys(claudeEnv({ address: '', key: 'k', caFile: '/' }));

export const claudeCode: Edit = {
	add(text, access) {
		const settings = parse(text);
		return format({ ...settings, env: { ...objectIn(settings.env), ...claudeEnv(access) } }, text);
	},
	remove(text) {
		const { env, ...rest } = parse(text);
		const left = Object.fromEntries(Object.entries(objectIn(env)).filter(([name]) => !OUR_VARIABLES.includes(name)));
		return format(Object.keys(left).length === 0 ? rest : { ...rest, env: left }, text);
	},
};

export const opencode: Edit = {
	add(text, { address, key }) {
		const config = parse(text);
		const block =
			clientLines({ address, key })
				.find(({ client }) => client === 'opencode')
				?.parts[0]?.lines.join('\n') ?? '{}';
		const ours = JSON.parse(block.replace('{env:INNERLOOP_KEY}', key)) as Json;
		return format(
			{
				...ours,
				...config,
				provider: { ...objectIn(config.provider), ...objectIn(ours.provider) },
				model: ours.model,
				small_model: ours.small_model,
			},
			text,
		);
	},
	remove(text) {
		const { provider, ...config } = parse(text);
		const { innerloop: _, ...others } = objectIn(provider);
		const left = Object.fromEntries(
			Object.entries(config).filter(([name, value]) => !(/^(small_)?model$/.test(name) && String(value).startsWith('innerloop/'))),
		);
		return format(Object.keys(others).length === 0 ? left : { ...left, provider: others }, text);
	},
};

const BEGIN = '# >>> innerloop (innerloop off takes this out)';
const END = '# <<< innerloop';
const SET_ASIDE = '# innerloop off puts this back: ';

/** Keys at the top level of TOML stand before its first table: ours go to the front, and those they replace are set aside. */
export const codex: Edit = {
	add(text, { address, key }) {
		const lines = clientLines({ address, key }).find(({ client }) => client === 'Codex')?.parts[0]?.lines ?? [];
		const split = lines.findIndex((line) => line.startsWith('['));
		const top = lines.slice(0, split);
		// In the file itself: programs that start Codex seldom hand it the variables of a shell.
		const table = lines.slice(split).map((line) => (line.startsWith('env_key') ? `http_headers = { "x-innerloop-key" = "${key}" }` : line));
		const kept = setAside(
			text ?? '',
			top.map((line) => line.split(' ')[0] ?? ''),
		);
		return `${block(top)}${kept === '' || kept.endsWith('\n') ? kept : `${kept}\n`}${block(table)}`;
	},
	remove(text) {
		const ours = new RegExp(`${literally(BEGIN)}\\n[\\s\\S]*?${literally(END)}\\n?`, 'g');
		return text.replace(ours, '').replaceAll(SET_ASIDE, '');
	},
};

export const shell: Edit = {
	add(text, access) {
		const lines = Object.entries({ ...claudeEnv(access), ...toolVariables(access) });
		return `${shell.remove(text ?? '')}${block(lines.map(([name, value]) => `export ${name}=${value}`))}`;
	},
	remove: codex.remove,
};

/** For programs that read the usual variables; Codex takes its authority from one of its own. */
function toolVariables({ address, key, caFile }: Access): Record<string, string> {
	return {
		...exportsOf('aider', { address, key, caFile }),
		INNERLOOP_KEY: key,
		...(caFile !== undefined && { CODEX_CA_CERTIFICATE: caFile, SSL_CERT_FILE: caFile }),
	};
}

const block = (lines: readonly string[]): string => [BEGIN, ...lines, END, ''].join('\n');
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function setAside(text: string, keys: readonly string[]): string {
	let isTop = true;
	return text
		.split('\n')
		.map((line) => {
			if (/^\s*\[/.test(line)) isTop = false;
			const key = /^\s*([\w-]+)\s*=/.exec(line)?.[1];
			return isTop && key !== undefined && keys.includes(key) ? `${SET_ASIDE}${line}` : line;
		})
		.join('\n');
}

const objectIn = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});

function parse(text: string | undefined): Json {
	if (text === undefined || text.trim() === '') return {};
	const value: unknown = JSON.parse(text);
	if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('it holds no JSON object');
	return value as Json;
}

/** Indented as the file is. */
function format(value: Json, like: string | undefined): string {
	const indent = /^([ \t]+)"/m.exec(like ?? '')?.[1] ?? '  ';
	return `${JSON.stringify(value, null, indent)}\n`;
}
