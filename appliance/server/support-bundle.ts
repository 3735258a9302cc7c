/** What somebody who helps needs to see of a box: facts, conditions, configuration and log, with every secret taken out. */

import type { SupportBundle } from '../protocol/admin.ts';
import type { Box } from './box.ts';
import { conditionsNow } from './conditions-now.ts';
import type { ConfigDesk } from './config-desk.ts';

const LOG_LINES = 300;
const CALLS = 50;

export interface SupportSources {
	readonly version: string;
	readonly config: ConfigDesk;
	readonly logLines: (most: number) => readonly string[];
}

export async function supportBundle(box: Box, { version, config, logLines }: SupportSources): Promise<SupportBundle> {
	const { text } = await config.read();
	const calls = await box.store.history.recent(CALLS);
	const bundle: SupportBundle = {
		madeAt: new Date(box.clock.wallMs()).toISOString(),
		version,
		node: process.version,
		platform: `${process.platform}-${process.arch}`,
		uptimeSeconds: Math.round(process.uptime()),
		conditions: conditionsNow(box),
		machine: box.machine.sample,
		admission: box.machine.admission,
		engine: box.engine.status(),
		store: box.store.stats(),
		deployments: box
			.deployments()
			.map(({ id, provider, model, tier }) => ({ id, provider, model, tier, missing: box.settings().notConfigured[id] })),
		config: text,
		calls: calls.map(({ decision, outcome }) => ({
			at: decision.at,
			role: decision.role,
			reasons: decision.reasons.map(({ code }) => code),
			outcome,
		})),
		log: logLines(LOG_LINES),
	};
	return withoutSecrets(bundle);
}

/** What keys of vendors, of the box, of sessions and of signatures look like, whatever else a text holds. */
const SECRETS: readonly RegExp[] = [
	/\b(?:sk|rk|pk)-[A-Za-z0-9_-]{8,}/g,
	/\bil[a-z]?_[A-Za-z0-9_-]{16,}/g,
	/\bAIza[A-Za-z0-9_-]{16,}/g,
	/\b(?:ghp|gho|xox[a-z])[_-][A-Za-z0-9-]{10,}/g,
	/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*/g,
	/\bBearer +[^\s"\\]+/gi,
	/\/\/[^/\s:@"]+:[^/\s@"]+@/g,
];
/** Fields whose value is a secret by their name; an address of a webhook often is one. */
const SECRET_FIELDS = /("(?:[a-z]*(?:secret|password|token|apikey|api_key|authorization|cookie)|key|url)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;

function withoutSecrets(bundle: SupportBundle): SupportBundle {
	return JSON.parse(JSON.stringify(bundle, (_name, value: unknown) => (typeof value === 'string' ? hide(value) : value))) as SupportBundle;
}

function hide(text: string): string {
	const bare = SECRETS.reduce((rest, pattern) => rest.replace(pattern, '[secret]'), text);
	return bare.replace(SECRET_FIELDS, '$1"[secret]"');
}
