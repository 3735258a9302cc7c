/** The configuration: read, checked with a preview, written; an owner's business. */

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ConfigCheck, ConfigReport } from '../../protocol/admin.ts';
import type { ConfigDesk } from '../config-desk.ts';
import { readBody } from './admin-body.ts';

const OWNER = { config: { access: 'owner' as const } };
const LONGEST_TEXT = 1_000_000;

const text = z.string().max(LONGEST_TEXT);
const checkBody = z.strictObject({ text });
const writeBody = z.strictObject({ text, tag: z.string().max(100) });

export function addConfigRoutes(app: FastifyInstance, config: ConfigDesk): void {
	app.get('/innerloop/v1/config', OWNER, (): Promise<ConfigReport> => config.read());
	app.post('/innerloop/v1/config/check', OWNER, (request): ConfigCheck => config.check(readBody(checkBody, request).text));
	app.put('/innerloop/v1/config', OWNER, (request): Promise<ConfigReport> => {
		const { text: fresh, tag } = readBody(writeBody, request);
		return config.write(fresh, tag);
	});
}
