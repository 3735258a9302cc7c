/** `innerloop discover`: the boxes on this network, with version, health and address. */

import { browse, type FoundBox } from '../discovery/browse.ts';
import { type Command, defineCommand, EXIT, UsageError } from './command.ts';
import { addressesOf } from './connect/addresses.ts';
import { ask } from './connect/probe.ts';
import { table } from './terminal.ts';

const NOTHING = `No box was found on this network. Is it plugged in, and on the same network (not a guest Wi-Fi)?
A box announces itself while it listens beyond loopback (server.host 0.0.0.0): innerloop doctor on the box says so.
Where multicast is filtered, name its address: innerloop connect https://ADDRESS:PORT`;

const discover = defineCommand({
	name: 'discover',
	summary: 'List the boxes on this network.',
	options: { seconds: { type: 'string', value: 'N', help: 'How long to wait for answers, 1 to 60. Default: 2.' } },
	details: 'Needs no key. Exit code 1 when no box is found.',
	async run({ values }, { terminal }) {
		const boxes = await Promise.all((await browse(secondsOf(values.seconds) * 1_000)).map(withHealth));
		if (values.json) terminal.json({ boxes });
		else if (boxes.length === 0) terminal.note(NOTHING);
		else terminal.print(table(['NAME', 'VERSION', 'HEALTH', 'ADDRESS', 'BY IP'], boxes.map(row)));
		return boxes.length === 0 ? EXIT.failed : EXIT.ok;
	},
});

export const discoverCommands: readonly Command[] = [discover];

interface ListedBox extends FoundBox {
	readonly urls: readonly string[];
	/** `ready`, what it waits for, or `no answer`. */
	readonly health: string;
}

async function withHealth(box: FoundBox): Promise<ListedBox> {
	const urls = addressesOf(box);
	// Nothing secret is sent and nothing of it trusted, so any certificate will do.
	const answers = await Promise.all(urls.map((url) => ask(`${url}/readyz`, { isVerified: false })));
	return { ...box, urls, health: healthIn(answers.find((answer) => answer !== undefined)?.text) };
}

function healthIn(text: string | undefined): string {
	if (text === undefined) return 'no answer';
	try {
		return String((JSON.parse(text) as { status?: unknown }).status ?? 'unknown');
	} catch {
		return 'unknown';
	}
}

const row = ({ name, version, health, urls }: ListedBox): string[] => [name, version ?? '-', health, urls[0] ?? '-', urls[1] ?? '-'];

function secondsOf(text: string | undefined): number {
	const seconds = Number(text ?? 2);
	if (!(seconds >= 1 && seconds <= 60)) throw new UsageError('--seconds takes a number from 1 to 60.');
	return seconds;
}
