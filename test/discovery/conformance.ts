/** Has one advertiser announce a box in a lab of its own, and looks at what others see of it, line by line. */

import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DiscoveryTools } from '../support/discovery-tools.ts';
import { type Lab, type LabHost, openLab } from '../support/network-lab.ts';
import { FACTS } from './facts.ts';
import { Lag, Observer, type Seen, type SeenRecord } from './observer.ts';

export const LINES = [
	'starts without a network or a route',
	'an address that comes late',
	'found and resolved by avahi-browse',
	'found and resolved by python-zeroconf',
	'fetched at the address that was found',
	'every TXT pair as it was meant',
	'lives of 120 s (host) and 4500 s',
	'flush bit on unique records alone',
	'port 5353 alone',
	'host queries for A answered',
	'TXT queries answered',
	'unicast questions answered, to the asker or to all',
	'goodbye within a second',
	'another name after a conflict',
	'two interfaces, each with its own address',
	'IPv6: resolved and fetched',
	'network gone and back',
	'another address after that',
] as const;
export type Line = (typeof LINES)[number];

export interface Result {
	/** What was wrong, in a few words; undefined where the line holds. */
	readonly fault: string | undefined;
	/** How long it took, where that says something. */
	readonly ms?: number | undefined;
}
export type Results = Readonly<Record<Line, Result>>;

const TYPE = '_innerloop._tcp';
const NAME = FACTS.name ?? '';
const INSTANCE = `${NAME}.${TYPE}.local.`;
const BOX = { lan0: '10.77.0.1', lan1: '10.78.0.1', late: '10.77.0.9', v6: 'fd77::1' } as const;
const NEAR = { lan0: '10.77.0.2', lan1: '10.78.0.2' } as const;
/** A second address of the neighbour: an answer to the first may land in python-zeroconf's socket, as the kernel draws lots among equals. */
const ASKER = '10.77.0.3';
const A = 1;
const TXT = 16;
/** What was told to all need not be told again for a second (RFC 6762, 6). */
const QUIET_MS = 1_100;
/** A query for an address or SRV may be answered within this; the adapters look for new networks each second or slower. */
const LATE_MS = 20_000;
/** An answer that is there at once on a quiet machine, on one that is not; only what is missing waits so long. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 25;

const ok = (ms?: number): Result => ({ fault: undefined, ms });
const fail = (fault: string): Result => ({ fault });
const judge = (holds: boolean, fault: string, ms?: number): Result => (holds ? ok(ms) : fail(fault));

/** @param adapter as `advertise-child.ts` knows it */
export async function runConformance(adapter: string, tools: DiscoveryTools, env: Readonly<Record<string, string>> = {}): Promise<Results> {
	const lab = await openLab(tools);
	try {
		const run = await Run.open(lab, adapter, env);
		return await run.all();
	} finally {
		lab.stop();
	}
}

class Run {
	private readonly results = new Map<Line, Result>();
	private readonly box: LabHost;
	private readonly observer: Observer;
	private readonly adapter: string;
	private readonly env: Readonly<Record<string, string>>;
	private child: ChildProcess | undefined;
	private words = '';

	private constructor(box: LabHost, observer: Observer, adapter: string, env: Readonly<Record<string, string>>) {
		this.box = box;
		this.observer = observer;
		this.adapter = adapter;
		this.env = env;
	}

	/** The box's first network has no address yet; its neighbour has all of its own. */
	static async open(lab: Lab, adapter: string, env: Readonly<Record<string, string>>): Promise<Run> {
		const [box, near] = await Promise.all([lab.host(), lab.host()]);
		await lab.connect('lan1', { host: box, addresses: [] }, { host: near, addresses: [`${NEAR.lan1}/24`] });
		await box.exec('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6');
		await box.exec('ip', 'link', 'set', 'lan1', 'down');
		await lab.connect('lan0', { host: box, addresses: [] }, { host: near, addresses: [`${NEAR.lan0}/24`, 'fd77::2/64'] });
		await near.startAvahi('near', lab.folder);
		if (adapter === 'avahi') await box.startAvahi('team', lab.folder);
		const observer = new Observer(near);
		if ((await observer.find(({ event }) => event === 'ready', 0, 20_000)) === undefined) throw new Error('the observer did not start');
		await near.exec('ip', 'address', 'add', `${ASKER}/24`, 'dev', 'lan0');
		return new Run(box, observer, adapter, env);
	}

	async all(): Promise<Results> {
		await this.comesLate();
		await this.isFound();
		await this.speaksRight();
		await this.saysGoodbye();
		await this.givesWay();
		await this.hasTwoNetworks();
		await this.comesBack();
		await this.stop();
		return Object.fromEntries(LINES.map((line) => [line, this.results.get(line) ?? fail('not reached')])) as Results;
	}

	private note(line: Line, result: Result): void {
		this.results.set(line, result);
	}

	private start(): void {
		const program = fileURLToPath(new URL('advertise-child.ts', import.meta.url));
		const args = ['--disable-warning=ExperimentalWarning', program, this.adapter];
		this.words = '';
		this.child = this.box.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: this.env });
		for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (chunk: Buffer) => (this.words += chunk.toString()));
	}

	private isAlive(): boolean {
		return this.child?.exitCode === null && this.child.signalCode === null;
	}

	/** nsenter does not hand a signal on: the program itself gets it. */
	private async stop(): Promise<void> {
		if (!this.isAlive()) return;
		const { child } = this;
		const ended = new Promise((resolve) => child?.once('exit', resolve));
		child?.kill('SIGTERM');
		const timer = setTimeout(() => child?.kill('SIGKILL'), 3_000);
		await ended;
		clearTimeout(timer);
	}

	private async comesLate(): Promise<void> {
		this.start();
		await this.until(() => this.words !== '' || !this.isAlive(), LATE_MS);
		await delay(2_000);
		this.note('starts without a network or a route', judge(this.isAlive(), `ended: ${lastLine(this.words)}`));
		await this.box.exec('ip', 'address', 'add', `${BOX.lan0}/24`, 'dev', 'lan0');
		const startMs = performance.now();
		// One that did not survive is started again, for the other lines.
		if (!this.isAlive()) this.start();
		const found = await this.up(NAME, 0, LATE_MS);
		const wasAlive = this.results.get('starts without a network or a route')?.fault === undefined;
		this.note(
			'an address that comes late',
			judge(wasAlive && found !== undefined, `not found in ${LATE_MS / 1_000} s`, performance.now() - startMs),
		);
		if (found === undefined) await this.startWithRoute();
	}

	/** For the lines after: one that needs a route for multicast, and everything there before it, gets both. */
	private async startWithRoute(): Promise<void> {
		await this.stop();
		await this.box.exec('ip', 'route', 'add', '224.0.0.0/4', 'dev', 'lan0');
		this.start();
		await this.up(NAME, 0, LATE_MS);
	}

	private async isFound(): Promise<void> {
		const line = await this.observer.browse(TYPE, ({ name, address }) => name === NAME && address === BOX.lan0);
		this.note('found and resolved by avahi-browse', judge(line?.port === FACTS.port, 'not found'));
		const seen = await this.up(NAME, 0, PATIENCE_MS);
		const isResolved = seen?.port === FACTS.port && seen.addresses?.includes(BOX.lan0) === true;
		const http = await this.observer.find(({ event, type }) => event === 'up' && type === '_http._tcp.local.', 0, PATIENCE_MS);
		this.note('found and resolved by python-zeroconf', judge(isResolved && http !== undefined, 'not found'));
		const fetched = seen?.addresses?.[0] && (await this.observer.fetch(`http://${seen.addresses[0]}:${seen.port}/`));
		this.note('fetched at the address that was found', judge(!!fetched && fetched.status === 200, 'no answer'));
		const wanted = JSON.stringify(sorted({ ...EXPECTED_TXT }));
		this.note(
			'every TXT pair as it was meant',
			judge(JSON.stringify(sorted(seen?.txt ?? {})) === wanted, JSON.stringify(seen?.txt ?? {}).slice(0, 60)),
		);
	}

	private async speaksRight(): Promise<void> {
		const { observer } = this;
		const host = (await this.up(NAME, 0, PATIENCE_MS))?.host ?? 'none.local.';
		this.note('host queries for A answered', await this.answers(host, A, (text) => text.includes(BOX.lan0)));
		this.note('TXT queries answered', await this.answers(INSTANCE, TXT, (text) => text.includes('txtvers')));
		this.note('unicast questions answered, to the asker or to all', await this.answersUnicast());
		const answers = observer.seen.filter(({ event, source }) => event === 'answer' && source === BOX.lan0);
		const records = answers.flatMap((one) => one.records ?? []).filter(({ ttl, name }) => ttl > 0 && !name.endsWith('.arpa.'));
		const wrongLife = records.find((record) => lifeOf(record) !== undefined && record.ttl !== lifeOf(record));
		this.note(
			'lives of 120 s (host) and 4500 s',
			judge(
				records.length > 0 && wrongLife === undefined,
				wrongLife === undefined ? 'no answer' : `${wrongLife.ttl} s for type ${wrongLife.type}`,
			),
		);
		const wrongFlush = records.find((record) => lifeOf(record) !== undefined && record.isUnique !== (record.type !== 12));
		this.note(
			'flush bit on unique records alone',
			judge(records.length > 0 && wrongFlush === undefined, wrongFlush === undefined ? 'no answer' : `type ${wrongFlush.type}`),
		);
		const wrongPort = observer.seen.find(({ event, source, port }) => /answer|query/.test(event) && source === BOX.lan0 && port !== 5353);
		this.note(
			'port 5353 alone',
			judge(
				answers.length > 0 && wrongPort === undefined,
				wrongPort === undefined ? 'no answer' : `${wrongPort.event} from port ${wrongPort.port}`,
			),
		);
	}

	/** Asks all on the link, as a resolver does that knows nothing yet: up to three times. */
	private async answers(name: string, type: number, isRight: (text: string) => boolean): Promise<Result> {
		const isAnswer = ({ source, records = [] }: Seen) =>
			source === BOX.lan0 && records.some((one) => one.type === type && one.name.toLowerCase() === name.toLowerCase() && isRight(one.text));
		for (let asked = 0; asked < 3; asked += 1) {
			await delay(QUIET_MS);
			const from = this.observer.mark();
			this.observer.do({ do: 'query', name, record_type: type, interface: NEAR.lan0, is_unicast: false, port: 5353 });
			if ((await this.observer.find(isAnswer, from, PATIENCE_MS)) !== undefined) return ok();
		}
		return fail('no answer');
	}

	/** An answer may go to all where all have not heard it for long (RFC 6762, 5.4). */
	private async answersUnicast(): Promise<Result> {
		const { observer } = this;
		for (let asked = 0; asked < 3; asked += 1) {
			const from = observer.mark();
			observer.do({ do: 'query', name: `${TYPE}.local.`, record_type: 12, interface: ASKER, is_unicast: true, port: 5353 });
			const isAnswer = ({ event, source, records = [] }: Seen) =>
				(event === 'direct' || event === 'answer') &&
				source === BOX.lan0 &&
				records.some(({ type, name }) => type === 12 && name.startsWith(TYPE));
			if ((await observer.find(isAnswer, from, PATIENCE_MS)) !== undefined) return ok();
		}
		return fail('no answer');
	}

	private async saysGoodbye(): Promise<void> {
		const from = this.observer.mark();
		const lag = new Lag();
		const startMs = performance.now();
		await this.stop();
		const isGoodbye = ({ event, source, records = [] }: Seen) =>
			event === 'answer' && source === BOX.lan0 && records.some(({ type, ttl, name }) => type === 12 && ttl <= 1 && name.startsWith(TYPE));
		const goodbye = await this.observer.find(isGoodbye, from, PATIENCE_MS);
		const tookMs = performance.now() - startMs - lag.stop();
		const fault = goodbye === undefined ? 'none' : `after ${Math.round(tookMs)} ms`;
		this.note('goodbye within a second', judge(goodbye !== undefined && tookMs <= 1_000, fault, tookMs));
	}

	/** A rival has the name first; and from here on the box has a second network, and IPv6. */
	private async givesWay(): Promise<void> {
		const { box, observer } = this;
		// The rival may have the name when nobody holds it in memory any more.
		await observer.find(({ event, name }) => event === 'down' && name === INSTANCE, 0, PATIENCE_MS);
		await delay(1_500);
		observer.do({ do: 'register', name: NAME, service_type: `${TYPE}.local.`, address: NEAR.lan0 });
		await observer.find(({ event }) => event === 'registered', 0, LATE_MS);
		for (const name of ['lan0', 'lan1']) await box.exec('sh', '-c', `echo 0 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6`);
		await box.exec('ip', 'address', 'add', `${BOX.lan1}/24`, 'dev', 'lan1');
		await box.exec('ip', 'address', 'add', `${BOX.v6}/64`, 'dev', 'lan0');
		await box.exec('ip', 'link', 'set', 'lan1', 'up');
		const from = observer.mark();
		const startMs = performance.now();
		this.start();
		const isOther = ({ event, type, name, port }: Seen) =>
			event === 'up' && type === `${TYPE}.local.` && name !== INSTANCE && port === FACTS.port;
		const other = await observer.find(isOther, from, LATE_MS);
		this.note('another name after a conflict', judge(other !== undefined, 'it keeps the name', performance.now() - startMs));
	}

	private async hasTwoNetworks(): Promise<void> {
		const { observer } = this;
		const isBox = (port: number) => port === FACTS.port;
		const second = await observer.browse(
			TYPE,
			({ port, interfaceName, address }) => isBox(port) && interfaceName === 'lan1' && address === BOX.lan1,
		);
		const first = await observer.browse(
			TYPE,
			({ port, interfaceName, address }) => isBox(port) && interfaceName === 'lan0' && address === BOX.lan0,
		);
		const strange = observer.seen.find(
			({ event, source, records = [] }) =>
				event === 'answer' && source === BOX.lan1 && records.some(({ type, text }) => type === A && text.includes(BOX.lan0)),
		);
		const fault =
			second === undefined
				? 'not found on the second'
				: first === undefined
					? 'not found on the first'
					: 'the first one’s address on the second';
		this.note(
			'two interfaces, each with its own address',
			judge(second !== undefined && first !== undefined && strange === undefined, fault),
		);
		const address = first && (await observer.resolveIpv6(first.host));
		const fetched = address && (await observer.fetch(`http://[${address}]:${FACTS.port}/`));
		this.note(
			'IPv6: resolved and fetched',
			judge(!!fetched && fetched.status === 200, address === undefined ? 'no AAAA' : `no answer at ${address}`),
		);
	}

	/** The cable is out for longer than any adapter looks, and another address is there when it is in again. */
	private async comesBack(): Promise<void> {
		const { box, observer } = this;
		await box.exec('ip', 'link', 'set', 'lan0', 'down');
		await delay(2_500);
		await box.exec('ip', 'address', 'flush', 'dev', 'lan0');
		const from = observer.mark();
		const startMs = performance.now();
		await box.exec('ip', 'link', 'set', 'lan0', 'up');
		await box.exec('ip', 'address', 'add', `${BOX.late}/24`, 'dev', 'lan0');
		const tells =
			(wanted: number) =>
			({ event, source, records = [] }: Seen) =>
				event === 'answer' &&
				source === BOX.late &&
				records.some(({ type, ttl, text }) => type === wanted && ttl > 0 && (wanted !== A || text.includes(BOX.late)));
		const back = await observer.find(tells(12), from, LATE_MS);
		this.note(
			'network gone and back',
			judge(back !== undefined && this.isAlive(), this.isAlive() ? 'never announced again' : 'ended', performance.now() - startMs),
		);
		const address = await observer.find(tells(A), from, PATIENCE_MS);
		this.note('another address after that', judge(address !== undefined, 'not told'));
	}

	private async until(isSo: () => boolean, timeoutMs: number): Promise<void> {
		for (let waitedMs = 0; !isSo() && waitedMs < timeoutMs; waitedMs += LOOK_MS) await delay(LOOK_MS);
	}

	private up(name: string, from: number, timeoutMs: number): Promise<Seen | undefined> {
		const isBox = (seen: Seen) =>
			seen.event === 'up' && seen.type === `${TYPE}.local.` && seen.name === `${name}.${TYPE}.local.` && seen.port === FACTS.port;
		return this.observer.find(isBox, from, timeoutMs);
	}
}

const EXPECTED_TXT: Readonly<Record<string, string>> = {
	txtvers: '1',
	id: FACTS.id,
	v: FACTS.version,
	path: '/',
	api: 'anthropic,chat-completions,responses',
	auth: 'key',
	tls: '7341',
	fp: FACTS.fingerprint ?? '',
};

const sorted = (pairs: Readonly<Record<string, string>>) => Object.entries(pairs).sort(([left], [right]) => (left < right ? -1 : 1));

const lastLine = (words: string): string =>
	words
		.trim()
		.split('\n')
		.findLast((line) => /error/i.test(line)) ?? 'no word';

/** RFC 6762, 10: host names and addresses live two minutes, the rest 75; undefined for types that are left open. */
function lifeOf({ type }: SeenRecord): number | undefined {
	if (type === A || type === 28 || type === 33) return 120;
	return type === 12 || type === TXT ? 4_500 : undefined;
}
