#!/usr/bin/env node
/** The one command: sets up what this clone lacks, then runs `innerloop` (or its tests) under the pinned Node. */

const OLDEST_NODE = 20;

// No static import: on an older Node the modules behind it may not even parse, and this message must still appear.
if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
	console.error(
		`Innerloop's launcher needs Node ${OLDEST_NODE} or newer; this is ${process.version}. On Debian 12: apt install nodejs npm`,
	);
	process.exit(1);
}
const { launch } = await import('./scripts/launch/launch.mjs');
process.exitCode = await launch(process.argv.slice(2));
