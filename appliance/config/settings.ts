/** The configuration as the rest of the program uses it: checked, complete, in the ledger's units, frozen. */

import type { Deployment } from '../protocol/deployment.ts';
import type { RoutingSettings } from '../protocol/plan.ts';
import type { Budgets } from '../protocol/ports.ts';
import type { DialectName, Vendor } from '../protocol/words.ts';
import type { Config, LimitsConfig, LocalConfig, PassThroughConfig } from './schema.ts';
import type { Secret } from './secret.ts';

export interface ProviderSettings {
	readonly id: string;
	/** Without a trailing slash; the dialect's path (`/v1/messages`, `/v1/chat/completions`) follows, without its `/v1` where `isVersioned`. */
	readonly baseUrl: string;
	readonly dialects: readonly DialectName[];
	readonly auth: 'x-api-key' | 'bearer' | 'none';
	readonly vendor: Vendor | undefined;
	/** Whether `baseUrl` names the version already. */
	readonly isVersioned: boolean;
	readonly keyEnv: string | undefined;
	/** From the environment; undefined when `auth` is none or the variable is not set. */
	readonly key: Secret | undefined;
	/** Why its deployments cannot be used, in words for a person: "set ANTHROPIC_API_KEY". */
	readonly missing: string | undefined;
	readonly connectTimeoutMs: number;
	readonly firstByteTimeoutMs: number;
	readonly idleTimeoutMs: number;
	/** Whose own plan logins go through to it; undefined for nobody's. */
	readonly passThrough?: PassThroughConfig | undefined;
}

export interface Settings {
	readonly server: {
		readonly host: string;
		readonly port: number;
		readonly allowedHosts: readonly string[];
		readonly limits: LimitsConfig;
	};
	readonly local: LocalConfig;
	readonly providers: Readonly<Record<string, ProviderSettings>>;
	/** Cloud deployments, the catalogue merged in. The box's own comes from `localDeployment` and the engine's status. */
	readonly deployments: readonly Deployment[];
	/** Deployment id → why it cannot be used; they stand in `deployments` too, so that `explain` can name them. */
	readonly notConfigured: Readonly<Record<string, string>>;
	readonly routing: RoutingSettings;
	readonly budgets: Budgets;
	readonly log: Config['log'];
}
