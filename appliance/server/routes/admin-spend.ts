/** What was spent: balances of the moment, sums by day, and tables as CSV. */

import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SavingsReport, SpendDaysReport, SpendReport } from '../../protocol/admin.ts';
import type { Key } from '../../protocol/member.ts';
import type { SpendDay, SpendRow } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { SPEND_BY, type SpendExport } from '../../protocol/spend-export.ts';
import { measureSavings } from '../../router/savings/estimate.ts';
import type { Box } from '../box.ts';
import { keyOf } from '../plugins/authenticate.ts';
import { frontierOf, savingsOf } from '../savings.ts';
import { readQuery } from './admin-body.ts';

const VIEWER = { config: { access: 'viewer' as const } };
const OWNER = { config: { access: 'owner' as const } };
const MOST_DAYS = 3_660;
const DAY_MS = 86_400_000;

const day = z.iso.date('a day like 2026-11-23');
const exportQuery = z.strictObject({ by: z.enum(SPEND_BY).default('day'), from: day.optional(), to: day.optional() });
const daysQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(MOST_DAYS).default(30) });

export function addSpendRoutes(app: FastifyInstance, box: Box): void {
	const { ledger, members } = box.store;
	app.get('/innerloop/v1/spend', VIEWER, (request): SpendReport => {
		const key = keyOf(request);
		return { rows: ledger.spend().filter((row) => maySee(key, row)) };
	});
	app.get('/innerloop/v1/spend/days', VIEWER, async (request): Promise<SpendDaysReport> => {
		const key = keyOf(request);
		const { days } = readQuery(daysQuery, request.query);
		const names = new Map(members.listMembers().map(({ id, name }) => [id, name]));
		const rows = (await box.store.spendByDay(days)).filter((row) => maySee(key, row));
		return { days: rows.map((row) => ({ ...row, name: names.get(row.id) ?? row.id })) };
	});
	app.get('/innerloop/v1/savings', VIEWER, async (request): Promise<SavingsReport> => {
		const key = keyOf(request);
		const { days } = readQuery(daysQuery, request.query);
		const sinceMs = box.clock.wallMs() - days * DAY_MS;
		const member = key.isOwner ? undefined : key.memberName;
		const { deployments, notConfigured, routing } = box.settings();
		const rows = await box.store.history.use(sinceMs, member);
		const measured = measureSavings(await box.store.history.trees(sinceMs, member), routing.control?.share ?? 0);
		const diet = await box.store.diet.sums(sinceMs, key.isOwner ? undefined : key.memberId);
		return savingsOf(rows, box.deployments(), frontierOf(deployments, notConfigured), measured, diet);
	});
	app.get('/innerloop/v1/spend.csv', OWNER, async (request, reply) => {
		const asked = exportOf(readQuery(exportQuery, request.query), box.clock.wallMs());
		const text = Readable.from(box.store.exportSpend(asked));
		const name = `innerloop-spend-by-${asked.by}-${asked.from}-${asked.to}.csv`;
		reply.header('content-disposition', `attachment; filename="${name}"`);
		return await reply.type('text/csv; charset=utf-8; header=present').send(text);
	});
}

/** Without days: this month until today. */
function exportOf({ by, from, to }: z.infer<typeof exportQuery>, wallMs: number): SpendExport {
	const today = new Date(wallMs).toISOString().slice(0, 10);
	const asked = { by, from: from ?? `${(to ?? today).slice(0, 7)}-01`, to: to ?? today };
	if (asked.from > asked.to) throw new Problem('invalid-call', `from: ${asked.from} is behind ${asked.to}.`);
	return asked;
}

/** Trees name sessions of their members, so only an owner sees everybody's. */
const maySee = (key: Key, row: SpendRow | SpendDay): boolean => key.isOwner || row.scope === 'team' || row.id === key.memberId;
