/** Which client programs have called the box. */

export type KnownState =
	/** A version that the tests run. */
	| 'known'
	| 'unknown-version'
	/** A known client that does not say its version. */
	| 'version-not-said'
	| 'unknown-client';

export interface ClientSeen {
	readonly name: string;
	/** Empty where the client did not say it. */
	readonly version: string;
	readonly state: KnownState;
	/** ISO date and time. */
	readonly firstSeenAt: string;
	readonly lastSeenAt: string;
	readonly calls: number;
}

export interface ClientRow {
	readonly name: string;
	readonly version: string;
	readonly firstMs: number;
	readonly lastMs: number;
	readonly calls: number;
}

export interface ClientStore {
	list(): Promise<readonly ClientRow[]>;
	/** Written behind. */
	put(rows: readonly ClientRow[]): void;
}
