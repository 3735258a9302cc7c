/** Knows until when a socket may still read from a body's memory, so that the memory can serve another call afterwards. */

import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** What undici says, by its documented channel, at the moment when it writes a request. */
interface Sending {
	readonly request: { readonly body: unknown };
	readonly socket: Socket;
}

/** By watched memory: the sockets that a body in it went to since it was last asked about. */
const watched = new WeakMap<ArrayBufferLike, Set<Socket>>();

subscribe('undici:client:sendHeaders', (message) => {
	const { request, socket } = message as Sending;
	if (ArrayBuffer.isView(request.body)) watched.get(request.body.buffer)?.add(socket);
});

/** Call once, before the first body in this memory is sent. */
export function watchSends(memory: ArrayBufferLike): void {
	watched.set(memory, new Set());
}

/**
 * True when the kernel has all that was sent from this watched memory. An upstream may answer before it has read the
 * whole call; then some of it may still wait in the process, and the memory must not be written to.
 */
export function isLetGo(memory: ArrayBufferLike): boolean {
	const sockets = watched.get(memory);
	if (sockets === undefined) return false;
	for (const socket of sockets) if (socket.destroyed || socket.writableLength > 0) return false;
	sockets.clear();
	return true;
}
