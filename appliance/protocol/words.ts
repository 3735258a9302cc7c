/** The closed vocabularies that every room shares. */

/** What a call is for in its agent's work. */
export const ROLES = ['outer', 'mid', 'inner'] as const;
export type Role = (typeof ROLES)[number];

/** What we pay for. */
export const TIERS = ['frontier', 'mid', 'local'] as const;
export type Tier = (typeof TIERS)[number];

/** The wire language of a caller or an upstream. */
export const DIALECTS = ['anthropic', 'chat-completions', 'responses'] as const;
export type DialectName = (typeof DIALECTS)[number];

/** Makers of models whose wire has ways of its own inside a dialect. */
export const VENDORS = ['anthropic', 'openai', 'gemini', 'deepseek'] as const;
export type Vendor = (typeof VENDORS)[number];

export const MODALITIES = ['text', 'image', 'document', 'audio'] as const;
export type Modality = (typeof MODALITIES)[number];

/**
 * Which of several deployments of equal order goes first: the one where the call is expected to cost least, or by weight
 * alone, by how much runs there, by how soon it begins to answer.
 */
export const BALANCE_BY = ['cost', 'weight', 'least-busy', 'latency'] as const;
export type BalanceBy = (typeof BALANCE_BY)[number];

/** What a call may use that not every model takes: a caller knows the model it names, not the one that answers in its place. */
export const CALL_FEATURES = ['adaptive-thinking', 'output-config', 'mid-conversation-system', 'sampling', 'reasoning-effort'] as const;
export type CallFeature = (typeof CALL_FEATURES)[number];

/** Tools that a vendor executes by itself and counts in the usage, so that they can be priced. */
export const SERVER_TOOLS = ['web-search', 'web-fetch'] as const;
export type ServerTool = (typeof SERVER_TOOLS)[number];

/** Request header names that the box itself reads; lower case. */
export const HINT_HEADERS = {
	/** `outer` | `mid` | `inner` */
	role: 'x-innerloop-role',
	/** `frontier` | `mid` | `local` */
	tier: 'x-innerloop-tier',
	/** a deployment id */
	deployment: 'x-innerloop-deployment',
	/** any string: groups calls into one call tree */
	tree: 'x-innerloop-tree',
	/** `local-only`: this text never leaves the box; can only make stricter */
	data: 'x-innerloop-data',
	/** `off`: nothing of this call is trimmed */
	diet: 'x-innerloop-diet',
	/** the member's key, where another credential occupies the usual headers */
	key: 'x-innerloop-key',
} as const;
