/** What a developer's machine fetches from the box itself: one file that connects its clients, and how to run it. */

import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { makeConnectBundle } from '../connect-bundle.ts';

const OPEN = { config: { access: 'open' as const } };

interface Bundle {
	readonly bytes: Buffer;
	readonly sha256: string;
}

/** Open to all: there is nothing in it that is not public, and nobody has a key yet. Made when it is first asked for. */
export function addConnectRoutes(app: FastifyInstance): void {
	let made: Promise<Bundle> | undefined;
	const bundle = () => {
		// A failure is not kept: the next visitor tries again.
		made ??= make().catch((error: unknown) => {
			made = undefined;
			throw error;
		});
		return made;
	};
	app.get('/connect.mjs', OPEN, async (_request, reply) => {
		const { bytes, sha256 } = await bundle();
		return reply.type('text/javascript; charset=utf-8').header('x-sha256', sha256).header('cache-control', 'no-cache').send(bytes);
	});
	app.get('/connect', OPEN, async (request, reply) =>
		reply.type('text/plain; charset=utf-8').send(instructions(request, (await bundle()).sha256)),
	);
}

async function make(): Promise<Bundle> {
	const bytes = await makeConnectBundle();
	return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
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
