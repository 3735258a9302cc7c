/** Looks through past calls a part at a time, so that the ledger's commits, which share the thread, never wait for long. */

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { MeasuredTree } from '../protocol/experiment.ts';
import type { CallFilter, UseRow } from '../protocol/ports.ts';
import type { Query, StoredCall } from './journal-messages.ts';

/** Some 6 MB of JSON: tens of milliseconds. */
const PART_ROWS = 2_000;

export interface SearchedPart {
	readonly found: readonly StoredCall[];
	/** Where the next look begins; undefined when there is nothing older. */
	readonly next: number | undefined;
}

/** Sums over some calls; those of the same name in other parts are added. */
export interface SumsPart<Row> {
	readonly rows: readonly Row[];
	readonly next: number | undefined;
}

const PART = 'FROM calls WHERE number < ?1 ORDER BY number DESC LIMIT ?2';

const SEARCH = `SELECT number, decision, outcome FROM (SELECT * ${PART})
	WHERE (?3 IS NULL OR decision ->> '$.member' = ?3)
	AND (?4 IS NULL OR decision ->> '$.role' = ?4)
	AND (?5 IS NULL OR outcome ->> '$.deployment' IN (SELECT value FROM json_each(?5)))
	AND (?6 IS NULL OR (outcome ->> '$.status' < 400 AND outcome ->> '$.problemCode' IS NULL) = (?6 = 'ok'))
	AND (?7 IS NULL OR instr(lower(call_id || ' ' || (decision ->> '$.requestedModel') || ' ' || coalesce(outcome ->> '$.deployment', '')
		|| ' ' || coalesce(outcome ->> '$.problemCode', '') || ' ' || (decision ->> '$.reasons')), lower(?7)) > 0)
	ORDER BY number DESC LIMIT ?8`;

export function searchCalls(db: DatabaseSync, filter: CallFilter, limit: number): [SearchedPart] {
	const before = filter.before ?? Number.MAX_SAFE_INTEGER;
	const end = endOf(db, before, undefined);
	const values: SQLInputValue[] = [before, PART_ROWS, filter.member ?? null, filter.role ?? null];
	values.push(filter.deployments === undefined ? null : JSON.stringify(filter.deployments));
	values.push(filter.result ?? null, filter.text ?? null, limit);
	const rows = db.prepare(SEARCH).all(...values) as unknown as (StoredCall & { readonly number: number })[];
	const found = rows.map(({ decision, outcome }) => ({ decision, outcome }));
	// A full page ends at its last call, a part without one where the look ended.
	return [{ found, next: rows.length === limit ? rows.at(-1)?.number : end }];
}

const USE = `SELECT decision ->> '$.role' AS role, outcome ->> '$.deployment' AS deployment,
	sum(is_told) AS calls, sum(1 - is_told) AS uncounted,
	sum(is_told * (outcome ->> '$.costNanoUsd')) AS costNanoUsd,
	sum(is_told * coalesce(outcome ->> '$.inputTokens', 0)) AS inputTokens,
	sum(is_told * coalesce(outcome ->> '$.cacheReadTokens', 0)) AS cacheReadTokens,
	sum(is_told * coalesce(outcome ->> '$.cacheWriteTokens', 0)) AS cacheWriteTokens,
	sum(is_told * coalesce(outcome ->> '$.outputTokens', 0)) AS outputTokens
	FROM (SELECT *, (outcome ->> '$.inputTokens' IS NOT NULL AND outcome ->> '$.outputTokens' IS NOT NULL) AS is_told FROM (SELECT * ${PART}))
	WHERE at_ms >= ?3 AND outcome ->> '$.status' < 400 AND outcome ->> '$.deployment' IS NOT NULL
	AND outcome ->> '$.isOwnLogin' IS NULL AND (?4 IS NULL OR decision ->> '$.member' = ?4)
	GROUP BY 1, 2`;

/** SQLite has no booleans. */
export type TreePart = Omit<MeasuredTree, 'isTouched'> & { readonly touched: number };

const TREES = `SELECT decision ->> '$.treeKey' AS treeKey, decision ->> '$.experiment.arm' AS arm,
	max(decision ->> '$.experiment.isTouched') AS touched, count(*) AS calls,
	sum(outcome ->> '$.status' >= 400 OR outcome ->> '$.problemCode' IS NOT NULL) AS failedCalls,
	sum(outcome ->> '$.costNanoUsd') AS costNanoUsd, sum(outcome ->> '$.latencyMs') AS waitMs
	FROM (SELECT * ${PART})
	WHERE at_ms >= ?3 AND outcome IS NOT NULL AND decision ->> '$.experiment.arm' IS NOT NULL
	AND outcome ->> '$.isOwnLogin' IS NULL AND (?4 IS NULL OR decision ->> '$.member' = ?4)
	GROUP BY 1, 2`;

const SUMS = { use: USE, trees: TREES } as const;

/** One part of the sums of that kind. */
export function readCallSums(db: DatabaseSync, query: Extract<Query, { readonly kind: keyof typeof SUMS }>): [SumsPart<unknown>] {
	const before = query.before ?? Number.MAX_SAFE_INTEGER;
	const rows = db.prepare(SUMS[query.kind]).all(before, PART_ROWS, query.sinceMs, query.member ?? null);
	return [{ rows: rows.map((row) => ({ ...row })), next: endOf(db, before, query.sinceMs) }];
}

/** Sums of the same tree, from several parts. */
export function joinTrees(parts: readonly TreePart[]): readonly MeasuredTree[] {
	const trees = new Map<string, MeasuredTree>();
	for (const { touched, ...row } of parts) {
		const name = `${row.arm} ${row.treeKey}`;
		const before = trees.get(name);
		trees.set(name, {
			...row,
			isTouched: touched === 1 || before?.isTouched === true,
			calls: row.calls + (before?.calls ?? 0),
			failedCalls: row.failedCalls + (before?.failedCalls ?? 0),
			costNanoUsd: row.costNanoUsd + (before?.costNanoUsd ?? 0),
			waitMs: row.waitMs + (before?.waitMs ?? 0),
		});
	}
	return [...trees.values()];
}

/** The lowest number of the part that ends below `before`; undefined where nothing is left below it. */
function endOf(db: DatabaseSync, before: number, sinceMs: number | undefined): number | undefined {
	const row = db
		.prepare(`SELECT min(number) AS lowest, min(at_ms) AS oldestMs, count(*) AS rows FROM (SELECT number, at_ms ${PART})`)
		.get(before, PART_ROWS);
	const { lowest, oldestMs, rows } = row as { readonly lowest: number | null; readonly oldestMs: number | null; readonly rows: number };
	if (lowest === null || rows < PART_ROWS || (sinceMs !== undefined && (oldestMs ?? 0) < sinceMs)) return undefined;
	return lowest;
}

/** Sums of the same role and deployment, from several parts. */
export function addUp(parts: readonly UseRow[]): readonly UseRow[] {
	const sums = new Map<string, UseRow>();
	for (const row of parts) {
		const name = `${row.role} ${row.deployment}`;
		const before = sums.get(name);
		sums.set(name, before === undefined ? row : add(before, row));
	}
	return [...sums.values()];
}

const add = (a: UseRow, b: UseRow): UseRow => ({
	role: a.role,
	deployment: a.deployment,
	calls: a.calls + b.calls,
	uncounted: a.uncounted + b.uncounted,
	costNanoUsd: a.costNanoUsd + b.costNanoUsd,
	inputTokens: a.inputTokens + b.inputTokens,
	cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
	cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
	outputTokens: a.outputTokens + b.outputTokens,
});
