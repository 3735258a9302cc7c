/** Who may do what on the page, and what its addresses under /innerloop/v1 take and give: claim, login, accounts, pairing codes, audit. */

/** What a person may do: an owner everything, a member what is their own, a viewer only look. */
export const ACCOUNT_ROLES = ['owner', 'member', 'viewer'] as const;
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

/** The session's cookie over TLS. The prefix makes browsers insist on Secure, on path / and on this one host. */
export const SECURE_COOKIE = '__Host-innerloop';
/** The same on plain HTTP from this machine, where some browsers would not keep a Secure one. */
export const LOOPBACK_COOKIE = 'innerloop';
/** Carries `SessionReport.csrf` on every POST, PUT, PATCH and DELETE of a session. */
export const CSRF_HEADER = 'x-innerloop-csrf';

/** `closed`: its time is over; `locked`: too many wrong codes. Both open again with a start of the device or `innerloop claim new`. */
export const CLAIM_STATES = ['claimed', 'open', 'closed', 'locked'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

/** `lan` is plain HTTP from another machine, over which no credential is taken. */
export type Transport = 'https' | 'loopback' | 'lan';

/** GET /innerloop/v1/session (open to all), and the answer of every route that begins a session. */
export interface SessionReport {
	readonly claim: {
		readonly state: ClaimState;
		/** The window is open, and a code resets the owner's password (the box has been claimed before). */
		readonly isReset: boolean;
		/** ISO date and time until which the code is taken; only while `open`. */
		readonly until: string | undefined;
	};
	readonly transport: Transport;
	/** Undefined for whoever has not logged in. */
	readonly who: Who | undefined;
	/** Goes along as `x-innerloop-csrf`; only with `who`. */
	readonly csrf: string | undefined;
	/** ISO date and time of the session's certain end; only with `who`. */
	readonly expiresAt: string | undefined;
}

export interface Who {
	readonly memberId: string;
	readonly name: string;
	readonly role: AccountRole;
}

/**
 * POST /innerloop/v1/claim/check {code} → 204; 403 for a wrong one, 429 with `retry-after` while the box does not
 * listen. Counts as a try.
 */
export interface ClaimCheckRequest {
	readonly code: string;
}

/** POST /innerloop/v1/claim → 201 SessionReport with the session's cookie: the box has its owner. */
export interface ClaimRequest extends ClaimCheckRequest {
	/** The owner's name; default `owner`. On a reset: whose password is set anew; default the only owner. */
	readonly name?: string;
	readonly password: string;
}

/** POST /innerloop/v1/claim/code, only with the command line's own key on the device → the code of a new window. */
export interface NewClaimReport {
	readonly code: string;
	readonly until: string;
}

/** POST /innerloop/v1/session → 201 SessionReport with the cookie; DELETE ends it (204). */
export interface LoginRequest {
	readonly name: string;
	readonly password: string;
}

/** POST /innerloop/v1/session/password → 204; ends the other sessions of the account. */
export interface PasswordChangeRequest {
	readonly current: string;
	readonly next: string;
}

/** POST /innerloop/v1/join → 201 SessionReport: whom an owner gave a pairing code sets a password of their own with it. */
export interface JoinRequest {
	/** With its first two characters, which name it: `7Q-ABCD-2345`. */
	readonly code: string;
	readonly password: string;
}

/** GET /innerloop/v1/accounts → { accounts }; owners only. */
export interface AccountReport extends Who {
	readonly hasPassword: boolean;
	readonly openSessions: number;
}

/** PATCH /innerloop/v1/accounts/:memberId → AccountReport; DELETE takes password and sessions away (204); owners only. */
export interface AccountChangeRequest {
	readonly role: AccountRole;
}

/** POST /innerloop/v1/pairing/codes → 201 { code, … } for a member, shown once; GET lists, DELETE /:slot takes back; owners only. */
export interface NewPairingCodeRequest {
	/** A member's id or name. */
	readonly member: string;
	/** Minutes that it is taken; default 60, at most a week. */
	readonly minutes?: number;
}
export interface PairingCodeReport {
	/** The first two characters of the code. */
	readonly slot: string;
	readonly memberId: string;
	readonly memberName: string;
	readonly expiresAt: string;
}
export interface NewPairingCodeReport extends PairingCodeReport {
	/** Shown this once. */
	readonly code: string;
}

/** GET /innerloop/v1/audit?limit=N&before=NUMBER → { entries }, the newest first; owners only. */
export interface AuditReport {
	readonly entries: readonly AuditEntry[];
}

export interface AuditEntry {
	readonly number: number;
	readonly at: string;
	/** The member's name, `console` for the device's command line, `nobody` for whoever was not let in. */
	readonly who: string;
	readonly via: 'session' | 'key' | 'console' | 'files' | 'pairing' | 'none';
	/** `login`, `claim`, …, or the method and route of an admin address: `PATCH members/:id`. */
	readonly action: string;
	/** What it was done to: an id or name; empty where there is none. */
	readonly subject: string;
	/** HTTP status of the answer. */
	readonly status: number;
	/** Address that it came from. */
	readonly from: string;
	/** Names of the fields that were set, never their values. */
	readonly fields: readonly string[];
}

/** GET /innerloop/v1/secrets; PUT /innerloop/v1/secrets/:name {value} and DELETE → 204; owners only. No address gives a value out. */
export interface SecretsReport {
	readonly secrets: readonly SecretReport[];
}
export interface SecretReport {
	/** The environment variable that the configuration names. */
	readonly name: string;
	/** Who takes it. */
	readonly providers: readonly string[];
	/** Where its value comes from, `environment` before `kept`; undefined where there is none. */
	readonly source: 'environment' | 'kept' | undefined;
}
