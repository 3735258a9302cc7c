/** The configuration as the rest of the program uses it: checked, complete, in the ledger's units, frozen. */

import type { ConfidenceSettings } from '../protocol/confidence.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { DietSettings } from '../protocol/diet.ts';
import type { EarnedSettings } from '../protocol/earned.ts';
import type { LearningSettings } from '../protocol/learning.ts';
import type { Limits } from '../protocol/limits.ts';
import type { RoutingSettings } from '../protocol/plan.ts';
import type { Budgets, Retention } from '../protocol/ports.ts';
import type { RetrySettings } from '../protocol/retries.ts';
import type { DialectName, Vendor } from '../protocol/words.ts';
import type { AccessSettings } from './access.ts';
import type { Config, LimitsConfig, LocalConfig, PassThroughConfig } from './schema.ts';
import type { Secret } from './secret.ts';
import type { TlsConfig } from './tls.ts';

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
	/** From the environment; undefined when `auth` is none or the variable is not set. Of several, the first. */
	readonly key: Secret | undefined;
	/** Those of its keys that the environment has; empty when `auth` is none. */
	readonly keys: readonly ProviderKeySettings[];
	/** Environment variables of a list of keys that are not set, while others are. */
	readonly missingKeys: readonly string[];
	/** Instead of the authorities that everybody trusts. */
	readonly caFile: string | undefined;
	readonly allowsPrivateAddresses?: boolean | undefined;
	/** Why its deployments cannot be used, in words for a person: "set ANTHROPIC_API_KEY". */
	readonly missing: string | undefined;
	readonly connectTimeoutMs: number;
	readonly firstByteTimeoutMs: number;
	readonly idleTimeoutMs: number;
	/** Whose own plan logins go through to it; undefined for nobody's. */
	readonly passThrough?: PassThroughConfig | undefined;
}

export interface ProviderKeySettings {
	/** The environment variable that holds it. */
	readonly id: string;
	readonly secret: Secret;
	readonly weight: number;
	readonly limits: Limits | undefined;
}

/** Proxies for what leaves the box, from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
export interface EgressSettings {
	readonly httpsProxy: string | undefined;
	readonly httpProxy: string | undefined;
	readonly noProxy: string | undefined;
}

export interface AlertSettings {
	readonly sharesPercent: readonly number[];
	/** Those that have their address and secret. */
	readonly webhooks: readonly { readonly name: string; readonly url: Secret; readonly secret: Secret }[];
	/** What the others lack, in words for a person. */
	readonly missing: readonly string[];
}

export interface Settings {
	readonly server: {
		readonly host: string;
		readonly port: number;
		readonly allowedHosts: readonly string[];
		readonly tls: TlsConfig;
		readonly limits: LimitsConfig;
	};
	readonly local: LocalConfig;
	readonly providers: Readonly<Record<string, ProviderSettings>>;
	/** Cloud deployments, the catalogue merged in. The box's own comes from `localDeployment` and the engine's status. */
	readonly deployments: readonly Deployment[];
	/** Deployment id → why it cannot be used; they stand in `deployments` too, so that `explain` can name them. */
	readonly notConfigured: Readonly<Record<string, string>>;
	readonly routing: RoutingSettings;
	readonly retries: RetrySettings;
	/** What each member may ask of the box who has no limits of their own; undefined where that is not limited. */
	readonly memberLimits: Limits | undefined;
	/** Undefined where the environment names no proxy. */
	readonly egress: EgressSettings | undefined;
	readonly budgets: Budgets;
	readonly access: AccessSettings;
	readonly retention: Retention;
	readonly alerts: AlertSettings;
	readonly discovery: Config['discovery'];
	readonly learning: LearningSettings;
	readonly confidence: ConfidenceSettings;
	readonly diet: DietSettings;
	readonly earned: EarnedSettings;
	readonly update: Config['update'];
	readonly log: Config['log'];
}
