/** A box that a benchmark works through, and one that calls the vendors themselves with the keys of the environment. */

import { type ServiceOptions, startService } from '../../test/support/start-service.ts';
import type { BoxAddress } from './ask-box.ts';

export interface Scene extends BoxAddress {
	stop(): Promise<void>;
}

/** @param keyNames environment variables that it gets where they are set */
export async function openRealScene(config: ServiceOptions['config'], keyNames: readonly string[], hasEngine: boolean): Promise<Scene> {
	const env = Object.fromEntries(keyNames.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
	const service = await startService({ config, env });
	if (hasEngine) await service.waitForEngine();
	return { url: service.url, key: service.key, stop: () => service.stop() };
}
