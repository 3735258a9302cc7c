/** Where below its provider's base address a deployment takes calls. */

import type { Settings } from '../config/settings.ts';
import type { Deployment } from '../protocol/deployment.ts';

/** `path` is the dialect's, `/v1/…`; the version is left out where the base address names one. */
export function pathAt({ providers }: Settings, { provider }: Deployment, path: string): string {
	return providers[provider]?.isVersioned === true ? path.replace(/^\/v1(?=\/)/, '') : path;
}
