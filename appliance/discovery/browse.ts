/** Looks for boxes on the networks of this machine, by questions that are answered to the asker: nothing has to be listened for. */

import { setTimeout as delay } from 'node:timers/promises';
import { type DnsRecord, decodeMessage, encodeMessage, type Name, nameKey, TYPE } from './dns-message.ts';
import { Links } from './links.ts';
import { typeName } from './records.ts';

export interface FoundBox {
	readonly name: string;
	readonly id: string | undefined;
	readonly version: string | undefined;
	readonly host: string;
	readonly port: number;
	/** IPv4 first; link-local ones of IPv6 are left out, since a URL cannot hold their zone. */
	readonly addresses: readonly string[];
	/** Undefined where the box speaks no TLS. */
	readonly tlsPort: number | undefined;
}

const SERVICE = typeName('_innerloop._tcp');
/** Questions are lost on Wi-Fi: asked again, in ms after the first. */
const ASK_AGAIN_MS = [250, 1_000];

/** @param durationMs how long answers are waited for */
export async function browse(durationMs: number): Promise<readonly FoundBox[]> {
	const records: DnsRecord[] = [];
	const links = new Links({
		port: 0,
		onChange: (added) => {
			for (const link of added) void link.send(question(records));
		},
		onMessage: (bytes) => {
			const message = decodeMessage(bytes);
			if (message?.isResponse) records.push(...message.answers, ...message.additionals);
		},
	});
	await links.start();
	const askAgain = ASK_AGAIN_MS.map((ms) => delay(ms).then(() => Promise.all(links.list().map((link) => link.send(question(records))))));
	await delay(durationMs);
	await Promise.all(askAgain);
	links.close();
	return foundIn(records);
}

/** For the boxes, and for what is still missing of those that answered. */
function question(records: readonly DnsRecord[]): Buffer {
	const lacking = instancesIn(records).filter((instance) => boxOf(instance, records) === undefined);
	const questions = [
		{ name: SERVICE, type: TYPE.PTR, isUnicast: true },
		...lacking.map((name) => ({ name, type: TYPE.ANY, isUnicast: true })),
		...hostsOf(lacking, records).map((name) => ({ name, type: TYPE.ANY, isUnicast: true })),
	];
	return encodeMessage({ isResponse: false, questions });
}

/** Pure: the boxes that a heap of records describes whole. */
function foundIn(records: readonly DnsRecord[]): readonly FoundBox[] {
	const boxes = instancesIn(records).flatMap((instance) => boxOf(instance, records) ?? []);
	return boxes.sort((left, right) => left.name.localeCompare(right.name));
}

function instancesIn(records: readonly DnsRecord[]): Name[] {
	const found = new Map<string, Name>();
	for (const { name, data, ttlSeconds } of records) {
		if (data.type !== TYPE.PTR || nameKey(name) !== nameKey(SERVICE)) continue;
		if (ttlSeconds === 0) found.delete(nameKey(data.target));
		else found.set(nameKey(data.target), data.target);
	}
	return [...found.values()];
}

function hostsOf(instances: readonly Name[], records: readonly DnsRecord[]): Name[] {
	const keys = new Set(instances.map(nameKey));
	return records.flatMap(({ name, data }) => (data.type === TYPE.SRV && keys.has(nameKey(name)) ? [data.target] : []));
}

function boxOf(instance: Name, records: readonly DnsRecord[]): FoundBox | undefined {
	const own = records.filter(({ name }) => nameKey(name) === nameKey(instance)).map(({ data }) => data);
	const service = own.findLast((data) => data.type === TYPE.SRV);
	const text = own.findLast((data) => data.type === TYPE.TXT);
	if (service === undefined || text === undefined) return undefined;
	const pairs = new Map(text.entries.map((entry) => [entry.split('=')[0] ?? '', entry.slice(entry.indexOf('=') + 1)]));
	const all = records.flatMap(({ name, data }) =>
		nameKey(name) === nameKey(service.target) && (data.type === TYPE.A || data.type === TYPE.AAAA) ? [data.address] : [],
	);
	const addresses = [...new Set(all)].filter((address) => !address.startsWith('fe80')).sort(ipv4First);
	if (addresses.length === 0) return undefined;
	const tlsPort = Number(pairs.get('tls') ?? 0);
	return {
		name: instance[0] ?? '',
		id: pairs.get('id'),
		version: pairs.get('v'),
		host: service.target.join('.'),
		port: service.port,
		addresses,
		tlsPort: tlsPort > 0 ? tlsPort : undefined,
	};
}

const ipv4First = (left: string, right: string): number => Number(left.includes(':')) - Number(right.includes(':'));
