/** What the addon is spared: arguments of a wrong type. */

/** `code`: TQ_ and what was wrong; errors of the addon itself carry theirs in the same way. */
export class TurboquantError extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.name = 'TurboquantError';
		this.code = code;
	}
}

const LARGEST = 2 ** 31 - 1;

export function checkInteger(what: string, value: number): number {
	if (Number.isInteger(value) && value >= 0 && value <= LARGEST) return value;
	throw new TurboquantError('TQ_WRONG_TYPE', `${what} is a whole number from 0 to ${LARGEST}.`);
}

/** A view into a shared buffer could change while it is read. */
export function checkArray<T extends Float32Array | Uint8Array>(type: { new (length: number): T; readonly name: string }, value: T): T {
	if (value instanceof type && value.buffer instanceof ArrayBuffer && !value.buffer.detached) return value;
	throw new TurboquantError('TQ_WRONG_TYPE', `A ${type.name} is needed, on a buffer that is neither shared nor detached.`);
}
