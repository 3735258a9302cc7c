/** Which Node runs the TypeScript: the pinned one of this platform, or a newer own one where none is pinned. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

const OLDEST_OWN_NODE = 24;

/**
 * @typedef {object} Host
 * @property {string} platform
 * @property {string} arch
 * @property {string} version of the Node that runs the launcher
 * @property {string} execPath
 */

/**
 * @param {string} root
 * @param {Host} host
 * @returns {string} path of the Node binary
 */
export function findRuntime(root, host = process) {
	const pinned = join(root, 'node_modules', `node-linux-${host.arch}`, 'bin/node');
	if (host.platform === 'linux' && existsSync(pinned)) return pinned;
	if (Number(host.version.replace(/^v/, '').split('.')[0]) >= OLDEST_OWN_NODE) return host.execPath;
	throw new Error(
		`Innerloop brings its own Node for Linux on x64 and arm64. On ${host.platform} ${host.arch} run it with Node ${OLDEST_OWN_NODE} or newer; this is ${host.version}.`,
	);
}
