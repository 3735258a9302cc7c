/** What client and box say to each other when they pair, and what is inside once both have proved to know the code. */

/** POST /innerloop/v1/pairing/start; binary values are base64url. */
export interface PairingStart {
	readonly version: 1;
	/** Names one of the members' codes; absent for the claim code. */
	readonly slot?: string;
	/** 16 random bytes. */
	readonly sessionId: string;
	/** The client's point, 32 bytes. */
	readonly share: string;
}
export interface PairingStarted {
	/** Names the run; good for one `finish` within a minute. */
	readonly pairing: string;
	/** The box's point, 32 bytes. */
	readonly share: string;
}

/** POST /innerloop/v1/pairing/finish */
export interface PairingFinish {
	readonly pairing: string;
	/** HMAC-SHA256: the client knows the code and sees the same certificate. */
	readonly proof: string;
	/** A `PairingRequest`, sealed. */
	readonly sealed: string;
}
export interface PairingFinished {
	/** HMAC-SHA256: so does the box. */
	readonly proof: string;
	/** A `PairingAnswer`, sealed. */
	readonly sealed: string;
}

/** From the client, sealed. */
export interface PairingRequest {
	/** Where the key will be used, for the audit log: a host name. */
	readonly client: string;
	/** With the claim code: the owner's new password, and perhaps name. */
	readonly password?: string;
	readonly name?: string;
}

/** From the box, sealed. */
export type PairingAnswer = { readonly paired: Paired } | { readonly refused: string };

export interface Paired {
	readonly version: string;
	readonly member: { readonly id: string; readonly name: string };
	readonly role: 'owner' | 'member';
	/** A key of the member's, made for this client. */
	readonly key: { readonly id: string; readonly secret: string };
	/** PEM of the authority that signs the box's certificates; absent where everybody trusts it already. */
	readonly authority?: string;
	/** Base addresses over TLS, the best first: by name, then by IP address. */
	readonly addresses: readonly string[];
}
