/** The models that callers may name, in the shape of the dialect that asks. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PublishedModel } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Box } from '../box.ts';
import { dialectOfPath } from '../dialect-of-path.ts';
import { publishedModels } from '../published-models.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

export function addModelRoutes(app: FastifyInstance, box: Box): void {
	app.get('/v1/models', (request, reply) =>
		reply.type(JSON_TYPE).send(encode(box, request, publishedModels(box.settings(), box.deployments()))),
	);
	app.get<{ Params: { id: string } }>('/v1/models/:id', (request, reply) => {
		const model = publishedModels(box.settings(), box.deployments()).find(({ id }) => id === request.params.id);
		if (model === undefined) throw new Problem('not-found', `There is no model ${JSON.stringify(request.params.id.slice(0, 100))} here.`);
		return reply.type(JSON_TYPE).send(onlyEntry(encode(box, request, [model])));
	});
}

function encode(box: Box, request: FastifyRequest, models: readonly PublishedModel[]): string {
	return box.dialects[dialectOfPath('/v1/models', request.headers)].encodeModels(models);
}

/** Both dialects list models under `data`, and show one model as one entry of it. */
function onlyEntry(list: string): string {
	const { data } = JSON.parse(list) as { readonly data: readonly unknown[] };
	return JSON.stringify(data[0]);
}
