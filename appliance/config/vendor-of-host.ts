/** Tells a vendor by the host of its own address. */

import type { Vendor } from '../protocol/words.ts';

const HOSTS: ReadonlyMap<string, Vendor> = new Map<string, Vendor>([
	['api.anthropic.com', 'anthropic'],
	['api.openai.com', 'openai'],
	['generativelanguage.googleapis.com', 'gemini'],
	['api.deepseek.com', 'deepseek'],
]);

/** Undefined for everybody else's address: a server of one's own, or somebody in between. */
export function vendorOfHost(baseUrl: string): Vendor | undefined {
	return HOSTS.get(new URL(baseUrl).hostname);
}
