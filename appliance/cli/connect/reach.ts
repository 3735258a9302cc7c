/** From what a person named to a box that proved itself, with a key for it: never a secret over plain HTTP, loopback excepted. */

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { browse } from '../../discovery/browse.ts';
import { pairWithBox } from '../../pairing/client-end.ts';
import { addressesOf, baseOf, isPrivate } from './addresses.ts';
import { ask, firstAnswering } from './probe.ts';

const BROWSE_MS = 2_000;

export interface Target {
	readonly name: string;
	readonly addresses: readonly string[];
}

export interface Reached {
	/** The one that this machine can use first. */
	readonly addresses: readonly string[];
	readonly key: string;
	/** PEM; undefined where the usual authorities do. */
	readonly authority: string | undefined;
}

export interface Credentials {
	/** A key that the person has already. */
	readonly key: string | undefined;
	/** PEM file that the box's certificate is checked by. */
	readonly caFile: string | undefined;
	/** Asks for the pairing code. */
	code(): Promise<string>;
}

/** By URL, or by the name, id or host name that a box announces. @throws with what was found instead */
export async function findTarget(text: string): Promise<Target> {
	const base = baseOf(text);
	if (base !== undefined) return { name: text, addresses: [base] };
	const boxes = await browse(BROWSE_MS);
	const wanted = text.toLowerCase();
	const fits = boxes.filter(({ name, id, host }) =>
		[name, id, host, host.replace(/\.local$/, '')].some((one) => one?.toLowerCase() === wanted),
	);
	const [box] = fits;
	if (box !== undefined && fits.length === 1) return { name: box.name, addresses: addressesOf(box) };
	const names = boxes.map(({ name, id }) => `${name}${id === undefined ? '' : ` (id ${id})`}`).join(', ');
	if (fits.length > 1) throw new Error(`Several boxes are called ${text}: name one by its id or address. Found: ${names}.`);
	throw new Error(
		boxes.length === 0
			? `No box was found on this network. Is ${text} plugged in, and on this network? Its address works too: https://ADDRESS:PORT`
			: `There is no box ${JSON.stringify(text)} on this network. Found: ${names}.`,
	);
}

/** @throws with words for a person */
export async function reach(target: Target, credentials: Credentials): Promise<Reached> {
	const [first] = target.addresses;
	if (first === undefined || !isPrivate(first)) {
		throw new Error(
			`${target.name} speaks plain HTTP only, at ${first}: a key would be read by anybody on the network, so nothing was sent. Switch TLS on at the box.`,
		);
	}
	return credentials.key === undefined ? await pair(target, credentials) : await byKey(target, credentials, credentials.key);
}

async function pair({ name, addresses }: Target, { code }: Credentials): Promise<Reached> {
	if (new URL(addresses[0] ?? '').protocol !== 'https:') throw new Error('Without TLS there is no pairing: give a key with --key.');
	const address = await firstAnswering(addresses, { isVerified: false });
	if (address === undefined) throw noAnswer(name, addresses);
	const { key, authority, addresses: told } = await pairWithBox(address, await code(), { client: hostname() });
	const known = [...new Set([...told, ...addresses])];
	const usable = await firstAnswering(known, { ca: authority });
	if (usable === undefined)
		throw new Error(`${name} is paired, but none of its addresses answers with its certificate: ${known.join(', ')}.`);
	return { addresses: [usable, ...known.filter((one) => one !== usable)], key: key.secret, authority };
}

async function byKey({ name, addresses }: Target, { caFile }: Credentials, key: string): Promise<Reached> {
	const authority = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
	const usable = await firstAnswering(addresses, { ca: authority });
	if (usable === undefined) throw noAnswer(name, addresses);
	const answer = await ask(`${usable}/innerloop/v1/status`, { ca: authority, key });
	if (answer?.status !== 200) throw new Error(`${usable} does not take this key (${answer?.status ?? 'no answer'}).`);
	return { addresses: [usable, ...addresses.filter((one) => one !== usable)], key, authority };
}

const noAnswer = (name: string, addresses: readonly string[]) =>
	new Error(`${name} does not answer at ${addresses.join(', ')}, or not with the certificate it should have. Is it plugged in?`);
