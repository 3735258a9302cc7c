/** A connection to the system's message bus: calls with answers, and signals. Little-endian machines only, as all of ours are. */

import { connect, type Socket } from 'node:net';
import { DbusReader, type DbusValue, DbusWriter } from './dbus-value.ts';

const CALL = 1;
const REPLY = 2;
const ERROR = 3;
const SIGNAL = 4;
/** Codes of header fields, and the types of their values. */
const FIELDS = { path: [1, 'o'], interface: [2, 's'], member: [3, 's'], destination: [6, 's'], signature: [8, 'g'] } as const;
const REPLY_SERIAL = 5;
const FIXED_HEADER_BYTES = 16;
/** A bus that says nothing for so long is no bus. */
const ANSWER_TIMEOUT_MS = 3_000;

export interface DbusCall {
	readonly destination: string;
	readonly path: string;
	readonly interface: string;
	readonly member: string;
	readonly signature?: string;
	readonly body?: readonly DbusValue[];
}

export interface DbusSignal {
	readonly path: string;
	readonly interface: string;
	readonly member: string;
	readonly body: readonly DbusValue[];
}

interface Pending {
	resolve(body: readonly DbusValue[]): void;
	reject(error: Error): void;
}

export class DbusConnection {
	onSignal: (signal: DbusSignal) => void = () => undefined;
	onClose: () => void = () => undefined;
	private readonly socket: Socket;
	private readonly pending = new Map<number, Pending>();
	private buffer: Buffer = Buffer.alloc(0);
	private serial = 0;

	private constructor(socket: Socket) {
		this.socket = socket;
	}

	/** @param address as in DBUS_SYSTEM_BUS_ADDRESS: `unix:path=…`. @throws when there is no bus, or it lets us not in */
	static async open(address: string): Promise<DbusConnection> {
		const path = /(?:^|;)unix:(?:[^;]*,)?path=([^,;]+)/.exec(address)?.[1];
		if (path === undefined) throw new Error(`no socket in the bus address ${address}`);
		const connection = new DbusConnection(await connected(path));
		connection.listen();
		await connection.call({
			destination: 'org.freedesktop.DBus',
			path: '/org/freedesktop/DBus',
			interface: 'org.freedesktop.DBus',
			member: 'Hello',
		});
		return connection;
	}

	call(call: DbusCall): Promise<readonly DbusValue[]> {
		this.serial += 1;
		const { serial } = this;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => this.settle(serial)?.reject(new Error(`${call.member} was not answered`)), ANSWER_TIMEOUT_MS);
			this.pending.set(serial, {
				resolve: (body) => {
					clearTimeout(timer);
					resolve(body);
				},
				reject: (error) => {
					clearTimeout(timer);
					reject(error);
				},
			});
			this.socket.write(encodeCall(serial, call));
		});
	}

	close(): void {
		this.onClose = () => undefined;
		this.socket.destroy();
	}

	private listen(): void {
		this.socket.on('data', (chunk: Buffer) => this.take(chunk));
		this.socket.on('error', () => undefined);
		this.socket.on('close', () => {
			for (const serial of [...this.pending.keys()]) this.settle(serial)?.reject(new Error('the message bus closed the connection'));
			this.onClose();
		});
		this.socket.unref();
	}

	private settle(serial: number): Pending | undefined {
		const pending = this.pending.get(serial);
		this.pending.delete(serial);
		return pending;
	}

	private take(chunk: Buffer): void {
		this.buffer = Buffer.concat([this.buffer, chunk]);
		for (;;) {
			const length = messageLength(this.buffer);
			if (length === undefined || this.buffer.length < length) return;
			this.receive(this.buffer.subarray(0, length));
			this.buffer = this.buffer.subarray(length);
		}
	}

	private receive(message: Buffer): void {
		const { type, fields, body } = decodeDbus(message);
		if (type === SIGNAL) {
			const field = ([code]: readonly [number, string]) => String(fields.get(code) ?? '');
			this.onSignal({ path: field(FIELDS.path), interface: field(FIELDS.interface), member: field(FIELDS.member), body });
		} else if (type === REPLY) this.settle(Number(fields.get(REPLY_SERIAL)))?.resolve(body);
		else if (type === ERROR) this.settle(Number(fields.get(REPLY_SERIAL)))?.reject(new Error(String(body[0] ?? 'refused')));
	}
}

/** Connects and proves who we are by the credentials of the socket. */
function connected(path: string): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(path);
		const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
		socket.once('error', reject);
		socket.once('connect', () => socket.write(`\0AUTH EXTERNAL ${uid}\r\n`));
		socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('the message bus does not answer')));
		socket.once('data', (chunk: Buffer) => {
			socket.setTimeout(0);
			socket.off('error', reject);
			if (!chunk.toString('latin1').startsWith('OK')) {
				socket.destroy();
				return reject(new Error('the message bus does not let this user in'));
			}
			socket.write('BEGIN\r\n');
			resolve(socket);
		});
	});
}

function encodeCall(serial: number, call: DbusCall): Buffer {
	const body = new DbusWriter();
	body.write(call.signature ?? '', call.body ?? []);
	const fields = Object.entries(FIELDS).flatMap(([key, [code, type]]): DbusValue[] => {
		const value = call[key as keyof typeof FIELDS];
		return value === undefined ? [] : [[code, [type, value]]];
	});
	const head = new DbusWriter();
	head.write('yyyyuua(yv)', ['l'.charCodeAt(0), CALL, 0, 1, body.length, serial, fields]);
	head.align(8);
	return Buffer.concat([head.take(), body.take()]);
}

function messageLength(bytes: Buffer): number | undefined {
	if (bytes.length < FIXED_HEADER_BYTES) return undefined;
	const fieldsLength = bytes.readUInt32LE(12);
	return Math.ceil((FIXED_HEADER_BYTES + fieldsLength) / 8) * 8 + bytes.readUInt32LE(4);
}

function decodeDbus(bytes: Buffer): { type: number; fields: Map<number, DbusValue>; body: readonly DbusValue[] } {
	const reader = new DbusReader(bytes);
	const head = reader.read('yyyyuua(yv)');
	const fields = new Map<number, DbusValue>();
	for (const field of head[6] as [number, [string, DbusValue]][]) fields.set(field[0], field[1][1]);
	reader.align(8);
	const body = new DbusReader(bytes.subarray(reader.at)).read(String(fields.get(FIELDS.signature[0]) ?? ''));
	return { type: Number(head[1]), fields, body };
}
