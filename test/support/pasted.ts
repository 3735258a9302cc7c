/** What the start banner tells a person to paste, put where they would put it. */

import { type ClientLines, clientLines, type LinesInput } from '../../appliance/protocol/client-lines.ts';

function blockOf(client: string, input: LinesInput): ClientLines {
	const block = clientLines(input).find((one) => one.client === client);
	if (block === undefined) throw new Error(`the banner has no lines for ${client}`);
	return block;
}

/** Lines for a place whose name begins so. */
export function pastedLines(client: string, place: string, input: LinesInput): string {
	const part = blockOf(client, input).parts.find((one) => one.place.startsWith(place));
	if (part === undefined) throw new Error(`the banner has no lines for ${client} ${place}`);
	return `${part.lines.join('\n')}\n`;
}

/** The `export` lines as an environment. */
export function pastedEnv(client: string, input: LinesInput): Record<string, string> {
	const lines = pastedLines(client, 'in the shell', input).trim().split('\n');
	return Object.fromEntries(
		lines.map((line) => {
			const found = /^export ([A-Z_]+)=(.*)$/.exec(line);
			if (found === null) throw new Error(`not a line for the shell: ${line}`);
			return [found[1], found[2]];
		}),
	);
}

/** What the SDK's line makes, with the class under the name that the line uses. */
export function pastedClient<T>(client: string, className: string, sdk: unknown, input: LinesInput): T {
	const statement = pastedLines(client, 'in TypeScript', input);
	return new Function(className, `${statement}; return client;`)(sdk) as T;
}
