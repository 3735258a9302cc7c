/** The records of an announcement and what of them answers a question (RFC 6762, 6 and 10; RFC 6763): pure. */

import type { Announcement } from '../protocol/discovery.ts';
import { type DnsRecord, encodeMessage, type Name, nameKey, type Question, type RecordData, TYPE } from './dns-message.ts';

/** RFC 6762, 10: records that hold a host's name or address, and all others. */
const HOST_TTL_SECONDS = 120;
const OTHER_TTL_SECONDS = 4_500;
const DOMAIN = 'local';
const ALL_TYPES: Name = ['_services', '_dns-sd', '_udp', DOMAIN];

/** The names as they stand after conflicts. */
export interface OwnNames {
	readonly instance: string;
	readonly host: string;
}

export interface RecordSet {
	readonly pointers: readonly DnsRecord[];
	/** SRV and TXT of every type, and the host's addresses. */
	readonly unique: readonly DnsRecord[];
}

export const typeName = (type: string): Name => [...type.split('.'), DOMAIN];

/** `addresses` are those of the link that the records are told on, without zone. */
export function recordsOf({ types, port, txt }: Announcement, { instance, host }: OwnNames, addresses: readonly string[]): RecordSet {
	const target = [host, DOMAIN];
	const entries = Object.entries(txt).map(([key, value]) => `${key}=${value}`);
	const shared = (name: Name, to: Name) => record(name, OTHER_TTL_SECONDS, false, { type: TYPE.PTR, target: to });
	return {
		pointers: types.flatMap((type) => [shared(typeName(type), [instance, ...typeName(type)]), shared(ALL_TYPES, typeName(type))]),
		unique: [
			...types.flatMap((type) => [
				record([instance, ...typeName(type)], HOST_TTL_SECONDS, true, { type: TYPE.SRV, port, target }),
				record([instance, ...typeName(type)], OTHER_TTL_SECONDS, true, { type: TYPE.TXT, entries }),
			]),
			...addresses.map((address) => record(target, HOST_TTL_SECONDS, true, { type: address.includes(':') ? TYPE.AAAA : TYPE.A, address })),
		],
	};
}

function record(name: Name, ttlSeconds: number, isUnique: boolean, data: RecordData): DnsRecord {
	return { name, ttlSeconds, isUnique, data };
}

export interface Answer {
	readonly answers: readonly DnsRecord[];
	/** What the asker will want next. */
	readonly additionals: readonly DnsRecord[];
}

/** What of the set answers the questions, without what the asker says that it knows for longer than half its life. */
export function answersTo(questions: readonly Question[], known: readonly DnsRecord[], { pointers, unique }: RecordSet): Answer {
	const all = [...pointers, ...unique];
	const asked = (one: DnsRecord) =>
		questions.some(({ name, type }) => (type === TYPE.ANY || type === one.data.type) && nameKey(name) === nameKey(one.name));
	const isKnown = (one: DnsRecord) => known.some((other) => isSame(one, other) && other.ttlSeconds * 2 >= one.ttlSeconds);
	const answers = all.filter((one) => asked(one) && !isKnown(one));
	return { answers, additionals: followUps(answers, unique) };
}

function followUps(answers: readonly DnsRecord[], unique: readonly DnsRecord[]): DnsRecord[] {
	const wanted = new Set<string>();
	const follow = ({ data }: DnsRecord) => {
		if (data.type === TYPE.PTR || data.type === TYPE.SRV) wanted.add(nameKey(data.target));
	};
	answers.forEach(follow);
	for (const one of unique) if (wanted.has(nameKey(one.name))) follow(one);
	return unique.filter((one) => wanted.has(nameKey(one.name)) && !answers.includes(one));
}

/** Two records with the same name, type and content; the name's case and the time to live do not count. */
function isSame(left: DnsRecord, right: DnsRecord): boolean {
	return nameKey(left.name) === nameKey(right.name) && left.data.type === right.data.type && compareData(left, right) === 0;
}

/** Orders the contents of two records by their bytes, as simultaneous probes do (RFC 6762, 8.2). */
export function compareData(left: DnsRecord, right: DnsRecord): number {
	const bytes = ({ data }: DnsRecord) => {
		const lower =
			data.type === TYPE.SRV || data.type === TYPE.PTR ? { ...data, target: data.target.map((part) => part.toLowerCase()) } : data;
		return encodeMessage({ isResponse: true, answers: [record([], 0, false, lower)] });
	};
	return Buffer.compare(bytes(left), bytes(right));
}

/** Those of ours that another host claims with another content: name and type are ours alone. */
export function claimedByOthers(ours: readonly DnsRecord[], theirs: readonly DnsRecord[]): { ours: DnsRecord; theirs: DnsRecord }[] {
	return theirs.flatMap((other) => {
		if (other.ttlSeconds === 0) return [];
		const rivals = ours.filter((one) => one.data.type === other.data.type && nameKey(one.name) === nameKey(other.name));
		const [first] = rivals;
		return first === undefined || rivals.some((one) => compareData(one, other) === 0) ? [] : [{ ours: first, theirs: other }];
	});
}
