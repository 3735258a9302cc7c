/** What a developer's machine fetches from the box itself: one file that connects its clients, and how to run it. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const OPEN = { config: { access: 'open' as const } };
const FILE = new URL('../connect/connect.mjs.txt', import.meta.url);

/** Open to all: there is nothing in it that is not public, and nobody has a key yet. */
export function addConnectRoutes(app: FastifyInstance): void {
	const bundle = readFileSync(FILE);
	const sha256 = createHash('sha256').update(bundle).digest('hex');
	app.get('/connect.mjs', OPEN, (_request, reply) =>
		reply.type('text/javascript; charset=utf-8').header('x-sha256', sha256).header('cache-control', 'no-cache').send(bundle),
	);
	app.get('/connect', OPEN, (request, reply) => reply.type('text/plain; charset=utf-8').send(instructions(request, sha256)));
}

function instructions({ protocol, headers }: FastifyRequest, sha256: string): string {
	const base = `${protocol}://${headers.host}`;
	return `# Connect Claude Code, Codex or opencode on your machine to this box (Node 18 or newer):
curl -fsS${protocol === 'https' ? 'k' : ''} ${base}/connect.mjs -o innerloop.mjs && echo "${sha256}  innerloop.mjs" | sha256sum --check
node innerloop.mjs discover && node innerloop.mjs connect NAME

# node innerloop.mjs off    puts everything back.
# The sum shows a broken transfer; what proves the box is the pairing, or the authority given with --ca.
`;
}
