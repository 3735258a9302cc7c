/** The page for people: static files under a strict content policy, the same for everybody; what they show, they ask for. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../protocol/problem.ts';
import { type Asset, bundlePage, type PageAssets } from '../admin/bundle-page.ts';
import type { Box } from '../box.ts';

const OPEN = { config: { access: 'open' as const } };

/** Nothing from elsewhere, no script or style but our files, in nobody's frame. */
const POLICY = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"connect-src 'self'",
	"manifest-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
].join('; ');

const HEADERS = {
	'content-security-policy': POLICY,
	'x-content-type-options': 'nosniff',
	'x-frame-options': 'DENY',
	'referrer-policy': 'no-referrer',
	'cross-origin-opener-policy': 'same-origin',
	'cross-origin-resource-policy': 'same-origin',
	'permissions-policy': 'camera=(), geolocation=(), microphone=()',
	vary: 'accept-encoding',
};

export function addPageRoutes(app: FastifyInstance, box: Box): void {
	const page = createPage(box);
	app.get('/admin', OPEN, (_request, reply) => reply.redirect('/admin/', 308));
	app.get('/admin/', OPEN, async (request, reply) => send(request, reply, (await page()).get('')));
	app.get<{ Params: { name: string } }>('/admin/assets/:name', OPEN, async (request, reply) =>
		send(request, reply, (await page()).get(`assets/${request.params.name}`)),
	);
}

/** Made when somebody first asks, and kept; a failure is tried again. */
function createPage({ log }: Box): () => Promise<PageAssets> {
	let made: Promise<PageAssets> | undefined;
	return () => {
		made ??= bundlePage().catch((err: unknown) => {
			made = undefined;
			log.error({ err }, 'the page cannot be made');
			throw new Problem('internal', 'The page cannot be made; the log has the details.', { cause: err });
		});
		return made;
	};
}

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset | undefined) {
	if (asset === undefined) throw new Problem('not-found', `There is no ${request.url.slice(0, 100)} in the page. Load it anew.`);
	const cache = asset.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache';
	void reply.headers({ ...HEADERS, etag: asset.etag, 'cache-control': cache });
	if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
	const coding = codingOf(request.headers['accept-encoding']);
	if (coding !== undefined) void reply.header('content-encoding', coding);
	return reply.type(asset.type).send(asset[coding ?? 'plain']);
}

function codingOf(accepted: string | string[] | undefined): 'br' | 'gzip' | undefined {
	const names = String(accepted ?? '')
		.split(',')
		.map((one) => one.trim())
		.filter((one) => !/;\s*q=0(\.0+)?$/.test(one))
		.map((one) => one.split(';', 1)[0]);
	return names.includes('br') ? 'br' : names.includes('gzip') ? 'gzip' : undefined;
}
