/** CPace, the balanced PAKE of draft-irtf-cfrg-cpace-21, in the suite CPACE-RISTR255-SHA512, initiator and responder. */

import { createHash, randomBytes } from 'node:crypto';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';

const DSI = 'CPaceRistretto255';
/** Input block of SHA-512: a code shorter than it is hidden from whoever times the first block. */
const HASH_BLOCK_BYTES = 128;
const POINT_BYTES = 32;

type Point = InstanceType<typeof ristretto255.Point>;

export interface CpaceInput {
	/** What both sides know: the code as text. */
	readonly secret: string;
	/** What both sides must see alike: see `channelOf`. */
	readonly channel: Uint8Array;
	/** Drawn by the initiator for this run. */
	readonly sessionId: Uint8Array;
}

/** One side's message and what belongs to it: `ADa`, `ADb` of the draft. */
export interface Share {
	readonly point: Uint8Array;
	readonly note: Uint8Array;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Each part behind its length as LEB128 (`lv_cat` of the draft). */
export function withLengths(...parts: readonly Uint8Array[]): Uint8Array {
	return Buffer.concat(parts.flatMap((part) => [leb128(part.length), part]));
}

function leb128(value: number): Uint8Array {
	const out: number[] = [];
	for (let rest = value; ; rest >>>= 7) {
		if (rest < 0x80) return Uint8Array.from([...out, rest]);
		out.push((rest & 0x7f) | 0x80);
	}
}

/** §7.1: the password and zeros fill the hash's first block; channel and session follow. */
export function generatorString({ secret, channel, sessionId }: CpaceInput): Uint8Array {
	const [dsi, password] = [bytes(DSI), bytes(secret)];
	const zeros = Math.max(0, HASH_BLOCK_BYTES - 1 - withLengths(password).length - withLengths(dsi).length);
	return withLengths(dsi, password, new Uint8Array(zeros), channel, sessionId);
}

const sha512 = (...parts: readonly Uint8Array[]): Uint8Array => createHash('sha512').update(Buffer.concat(parts)).digest();

/** §7.3: SHA-512, then the group's one-way map. Whoever does not know the secret does not know this point. */
export function generatorOf(input: CpaceInput): Point {
	const { deriveToCurve } = ristretto255_hasher;
	if (deriveToCurve === undefined) throw new Error('the curve library has no one-way map of ristretto255');
	return deriveToCurve(sha512(generatorString(input))) as Point;
}

/** Uniform in [1, order). */
export function drawScalar(): bigint {
	const { Fn } = ristretto255.Point;
	for (;;) {
		const scalar = Fn.create(BigInt(`0x${randomBytes(64).toString('hex')}`));
		if (scalar !== 0n) return scalar;
	}
}

export const shareOf = (input: CpaceInput, scalar: bigint): Uint8Array => generatorOf(input).multiply(scalar).toBytes();

/**
 * The session's key of 64 bytes; equal on both sides only if secret, channel, session and both messages are.
 * Undefined where the other's message is no point, or the neutral one: the run must end.
 */
export function sessionKey(
	scalar: bigint,
	other: Uint8Array,
	sessionId: Uint8Array,
	initiator: Share,
	responder: Share,
): Uint8Array | undefined {
	const point = decode(other);
	if (point === undefined || isNeutral(point)) return undefined;
	const secretPoint = point.multiply(scalar);
	if (isNeutral(secretPoint)) return undefined;
	const transcript = withLengths(initiator.point, initiator.note, responder.point, responder.note);
	return sha512(withLengths(bytes(`${DSI}_ISK`), sessionId, secretPoint.toBytes()), transcript);
}

const isNeutral = (point: Point): boolean => point.equals(ristretto255.Point.ZERO);

function decode(point: Uint8Array): Point | undefined {
	if (point.length !== POINT_BYTES) return undefined;
	try {
		return ristretto255.Point.fromBytes(point) as Point;
	} catch {
		return undefined;
	}
}
