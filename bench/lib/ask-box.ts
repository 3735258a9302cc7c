/** A running box as a benchmark sees it, and its admin addresses. */

export interface BoxAddress {
	readonly url: string;
	/** An owner's. */
	readonly key: string;
}

/** @throws with the box's words where it refuses */
export async function askBox({ url, key }: BoxAddress, path: string, init: RequestInit = {}): Promise<unknown> {
	const headers = { authorization: `Bearer ${key}`, ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) };
	const response = await fetch(`${url}/innerloop/v1/${path}`, { ...init, headers });
	if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
	return await response.json();
}
