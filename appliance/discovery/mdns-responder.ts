/** What mdns-js lacks, around it: sockets that follow the network, whole records, answers to every question, goodbye. */

import type { RemoteInfo } from 'node:dgram';
import { EventEmitter } from 'node:events';
import type { Announcement, DiscoveryStatus } from '../protocol/discovery.ts';
import { type DnsMessage, type DnsRecord, decodeMessage, encodeMessage, nameKey, TYPE } from './dns-message.ts';
import { type Link, Links, MDNS_PORT } from './links.ts';
import { type MdnsJsAdvertisement, type MdnsJsNetwork, type MdnsJsPacket, mdnsJs } from './mdns-js-package.ts';
import { answersTo, claimedByOthers, compareData, type RecordSet, recordsOf, typeName } from './records.ts';

/** What a status that mdns-js takes another name at. */
const CONFLICT = 4;
/** One that insists on our name gets it in the end: it may never look for conflicts itself. */
const MOST_DEFENCES = 3;
/** A record goes to all at most once in this time (RFC 6762, 6). */
const QUIET_MS = 1_000;
/** Others may answer the same question: each waits a little (RFC 6762, 6). */
const SHARED_DELAY_MS = { least: 20, most: 120 };
/** Askers that are no multicast DNS speakers keep an answer no longer (RFC 6762, 6.7). */
const LEGACY_TTL_SECONDS = 10;

export class MdnsResponder {
	private readonly announcement: Announcement;
	private readonly links: Links;
	private readonly network: EventEmitter & MdnsJsNetwork;
	private readonly mdns: MdnsJsAdvertisement;
	private readonly lastSentMs = new Map<string, number>();
	private phase: 'idle' | 'probing' | 'announced' | 'stopped' = 'idle';
	private hostNumber = 1;
	private defences = 0;

	constructor(announcement: Announcement) {
		this.announcement = announcement;
		this.links = new Links({ onMessage: (bytes, link, from) => this.hear(bytes, link, from), onChange: () => this.probe() });
		this.network = Object.assign(new EventEmitter(), {
			addUsage: (_user: unknown, next: () => void) => next(),
			send: (packet: MdnsJsPacket, next?: () => void) => void this.sendFor(packet).then(next),
			stop: () => this.links.close(),
		});
		const { name, hostLabel, types, port, txt } = announcement;
		const type = mdnsJs.tcp(types[0]?.split('.')[0] ?? '');
		this.mdns = new mdnsJs.Advertisement(this.network, type, port, { name, host: hostLabel, txt });
	}

	async start(): Promise<void> {
		await this.links.start();
	}

	status(): Omit<DiscoveryStatus, 'adapter'> {
		const isAlone = this.links.list().length === 0;
		if (this.phase === 'stopped') return { state: 'off', name: undefined, detail: undefined };
		if (isAlone) return { state: 'waiting', name: undefined, detail: 'no network with an address' };
		if (this.phase !== 'announced') return { state: 'starting', name: undefined, detail: undefined };
		return { state: 'announced', name: this.names().instance, detail: undefined };
	}

	/** mdns-js makes the goodbye, and stops the network when it is out. */
	stop(): Promise<void> {
		if (this.phase === 'stopped') return Promise.resolve();
		return new Promise((resolve) => {
			this.mdns.stop(() => {
				this.phase = 'stopped';
				resolve();
			});
		});
	}

	private names(): { instance: string; host: string } {
		const { name, hostLabel } = this.announcement;
		return { instance: `${name}${this.mdns.nameSuffix}`, host: this.hostNumber === 1 ? hostLabel : `${hostLabel}-${this.hostNumber}` };
	}

	private recordsOn(link: Link): RecordSet {
		const { address } = this.announcement;
		const addresses = address === undefined ? link.addresses : link.addresses.filter((one) => one === address);
		return recordsOf(this.announcement, this.names(), addresses);
	}

	/** On a network that is new, everything is asked and told anew. */
	private probe(status = 0): void {
		if (this.phase === 'probing' || this.phase === 'stopped') return;
		this.phase = 'probing';
		this.mdns.status = status;
		this.mdns.start();
	}

	private async sendFor(packet: MdnsJsPacket): Promise<void> {
		if (this.phase === 'stopped') return;
		const isGoodbye = packet.answer[0]?.ttl === 0;
		if (packet.header.qr === 1 && !isGoodbye) this.phase = 'announced';
		const make = packet.header.qr === 0 ? probeFrom : isGoodbye ? goodbyeFrom : announcementFrom;
		await Promise.all(this.links.list().map((link) => link.send(make(this.recordsOn(link)))));
	}

	private hear(bytes: Buffer, link: Link, from: RemoteInfo): void {
		const message = decodeMessage(bytes);
		if (message === undefined || this.isOurs(from)) return;
		this.lookForConflict(message, link);
		if (!message.isResponse && this.phase === 'announced') this.answer(message, link, from);
	}

	private isOurs({ address, port }: RemoteInfo): boolean {
		const plain = address.split('%')[0] ?? '';
		return port === MDNS_PORT && this.links.list().some(({ addresses }) => addresses.includes(plain));
	}

	private lookForConflict({ isResponse, answers, authorities, additionals }: DnsMessage, link: Link): void {
		if (this.phase !== 'announced' && this.phase !== 'probing') return;
		const isProbing = this.phase === 'probing';
		// What another only means to take counts while we do no more ourselves.
		const theirs = isResponse ? [...answers, ...additionals] : isProbing ? authorities : [];
		const [conflict] = claimedByOthers(this.recordsOn(link).unique, theirs);
		if (conflict === undefined) return;
		const isStronger = compareData(conflict.ours, conflict.theirs) > 0;
		if (isProbing && isResponse) this.giveWay(conflict.ours);
		else if (!isStronger || this.defences >= MOST_DEFENCES) this.giveWay(conflict.ours);
		else if (isResponse) this.defend(link);
	}

	private giveWay({ data }: DnsRecord): void {
		this.defences = 0;
		const isHost = data.type === TYPE.A || data.type === TYPE.AAAA;
		if (isHost) this.hostNumber += 1;
		if (this.phase === 'probing') this.mdns.status = isHost ? 0 : CONFLICT;
		else this.probe(isHost ? 0 : CONFLICT);
	}

	private defend(link: Link): void {
		this.defences += 1;
		void link.send(announcementFrom(this.recordsOn(link)));
	}

	private answer(message: DnsMessage, link: Link, from: RemoteInfo): void {
		const isLegacy = from.port !== MDNS_PORT;
		const set = this.recordsOn(link);
		const direct = message.questions.filter(({ isUnicast }) => isUnicast || isLegacy);
		const toAsker = answersTo(direct, message.answers, set);
		if (toAsker.answers.length > 0) void link.send(isLegacy ? legacyReply(message, toAsker) : reply(toAsker), from);
		const open = message.questions.filter((question) => !direct.includes(question));
		const isProbe = message.authorities.length > 0;
		const toAll = answersTo(open, message.answers, set);
		const answers = toAll.answers.filter((one) => isProbe || !this.wasJustSent(one, link));
		if (answers.length === 0) return;
		const isShared = answers.some(({ isUnique }) => !isUnique);
		const { least, most } = SHARED_DELAY_MS;
		const delayMs = isShared ? least + Math.random() * (most - least) : 0;
		setTimeout(() => {
			if (this.phase === 'announced') void link.send(reply({ ...toAll, answers }));
		}, delayMs);
	}

	private wasJustSent({ name, data }: DnsRecord, { interfaceName, family }: Link): boolean {
		const key = `${interfaceName} ${family} ${data.type} ${nameKey(name)}`;
		const nowMs = performance.now();
		const isFresh = nowMs - (this.lastSentMs.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS;
		if (!isFresh) this.lastSentMs.set(key, nowMs);
		return isFresh;
	}
}

/** Asks who has the names that we mean to take, and says what we would say of them (RFC 6762, 8.1). */
function probeFrom({ unique }: RecordSet): Buffer {
	const names = new Map(unique.map(({ name }) => [nameKey(name), name]));
	const questions = [...names.values()].map((name) => ({ name, type: TYPE.ANY, isUnicast: true }));
	const authorities = unique.map((one) => ({ ...one, isUnique: false }));
	return encodeMessage({ isResponse: false, questions, authorities });
}

function announcementFrom({ pointers, unique }: RecordSet): Buffer {
	return encodeMessage({ isResponse: true, answers: [...pointers, ...unique] });
}

/** The list of types is everybody's: it does not end with us. */
function goodbyeFrom({ pointers, unique }: RecordSet): Buffer {
	const all = nameKey(typeName('_services._dns-sd._udp'));
	const own = [...pointers, ...unique].filter(({ name }) => nameKey(name) !== all);
	return encodeMessage({ isResponse: true, answers: own.map((one) => ({ ...one, ttlSeconds: 0 })) });
}

function reply({ answers, additionals }: Pick<DnsMessage, 'answers' | 'additionals'>): Buffer {
	return encodeMessage({ isResponse: true, answers, additionals });
}

/** As an ordinary DNS server would answer (RFC 6762, 6.7). */
function legacyReply({ id, questions }: DnsMessage, { answers, additionals }: Pick<DnsMessage, 'answers' | 'additionals'>): Buffer {
	const plain = (records: readonly DnsRecord[]) =>
		records.map((one) => ({ ...one, isUnique: false, ttlSeconds: Math.min(one.ttlSeconds, LEGACY_TTL_SECONDS) }));
	const asked = questions.map((question) => ({ ...question, isUnicast: false }));
	return encodeMessage({ id, isResponse: true, questions: asked, answers: plain(answers), additionals: plain(additionals) });
}
