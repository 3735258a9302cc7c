/** The tables of spending that can be exported: their columns, and how they are read. */

import type { SpendBy } from '../protocol/spend-export.ts';

interface SpendTable {
	/** Column names; those that end in `_usd` are read as whole nano-USD. */
	readonly columns: readonly string[];
	/** `?1`, `?2`: first and last day; `?3`, `?4`: the epoch ms at which they begin and end. Ordered by the first column. */
	readonly sql: string;
}

const BILLS = 'FROM settlements s LEFT JOIN members m ON m.id = s.member_id WHERE s.at_ms >= ?3 AND s.at_ms < ?4 AND ?1 <= ?2';

export const SPEND_TABLES: Readonly<Record<SpendBy, SpendTable>> = {
	day: {
		columns: ['day', 'spent_usd'],
		sql: `SELECT period AS day, settled_nano_usd AS spent_usd FROM sums
			WHERE scope = 'team' AND length(period) = 10 AND period BETWEEN ?1 AND ?2 AND ?3 < ?4 ORDER BY period`,
	},
	member: {
		columns: ['member', 'member_id', 'days', 'spent_usd'],
		sql: `SELECT coalesce(m.name, '') AS member, s.id AS member_id, count(*) AS days, sum(s.settled_nano_usd) AS spent_usd
			FROM sums s LEFT JOIN members m ON m.id = s.id
			WHERE s.scope = 'member' AND length(s.period) = 10 AND s.period BETWEEN ?1 AND ?2 AND ?3 < ?4 GROUP BY s.id ORDER BY 1, 2`,
	},
	tree: {
		columns: ['first_at', 'last_at', 'member', 'tree', 'calls', 'spent_usd'],
		sql: `SELECT min(s.at_ms) AS first_at, max(s.at_ms) AS last_at, coalesce(m.name, '') AS member, coalesce(s.tree_id, '') AS tree,
			count(*) AS calls, sum(s.cost_nano_usd) AS spent_usd ${BILLS} GROUP BY s.tree_id, s.member_id ORDER BY 1, 4`,
	},
	deployment: {
		columns: ['deployment', 'calls', 'bound_calls', 'spent_usd'],
		sql: `SELECT s.deployment AS deployment, count(*) AS calls, sum(s.is_bound) AS bound_calls, sum(s.cost_nano_usd) AS spent_usd
			${BILLS} GROUP BY s.deployment ORDER BY 1`,
	},
	call: {
		columns: [
			...['at', 'call', 'member', 'key', 'deployment', 'tree', 'reserved_usd', 'spent_usd', 'is_bound', 'role', 'model'],
			...['status', 'input_tokens', 'cache_read_tokens', 'output_tokens', 'is_own_login'],
		],
		// Calls without a bill (local ones, own logins, errors) stand beside bills whose record is gone.
		sql: `SELECT i.at_ms AS at, i.call_id AS call, coalesce(m.name, c.decision ->> '$.member', '') AS member,
			coalesce(s.key_id, c.decision ->> '$.keyId') AS key, coalesce(s.deployment, c.outcome ->> '$.deployment', '') AS deployment,
			coalesce(c.decision ->> '$.treeKey', s.tree_id, '') AS tree, coalesce(s.reserved_nano_usd, 0) AS reserved_usd,
			coalesce(s.cost_nano_usd, 0) AS spent_usd, coalesce(s.is_bound, 0) AS is_bound, c.decision ->> '$.role' AS role,
			c.decision ->> '$.requestedModel' AS model, c.outcome ->> '$.status' AS status, c.outcome ->> '$.inputTokens' AS input_tokens,
			c.outcome ->> '$.cacheReadTokens' AS cache_read_tokens, c.outcome ->> '$.outputTokens' AS output_tokens,
			coalesce(c.outcome ->> '$.isOwnLogin', 0) AS is_own_login
			FROM (SELECT call_id, at_ms FROM settlements WHERE at_ms >= ?3 AND at_ms < ?4 AND ?1 <= ?2
				UNION ALL SELECT call_id, at_ms FROM calls o WHERE at_ms >= ?3 AND at_ms < ?4
					AND NOT EXISTS (SELECT 1 FROM settlements b WHERE b.call_id = o.call_id)) i
			LEFT JOIN settlements s ON s.call_id = i.call_id LEFT JOIN calls c ON c.call_id = i.call_id
			LEFT JOIN members m ON m.id = s.member_id ORDER BY 1, 2`,
	},
};
