/** All deployments and keys with what is going on there, kept over changes of the configuration. */

import type { Deployment } from '../../protocol/deployment.ts';
import type { Limits } from '../../protocol/limits.ts';
import { Limiter } from './limiter.ts';
import { ProviderKey, Station, StationKey } from './station.ts';

export interface KeyPlan {
	readonly id: string;
	readonly weight: number;
	readonly limits: Limits | undefined;
}

export class Stations {
	readonly #nowMs: () => number;
	readonly #stations = new Map<string, Station>();
	readonly #keys = new Map<string, ProviderKey>();

	constructor(nowMs: () => number) {
		this.#nowMs = nowMs;
	}

	/** Puts limits and keys in force. What runs and what rests stays; a deployment that was never named has no limits. */
	configure(deployments: readonly Deployment[], keysOf: (provider: string) => readonly KeyPlan[]): void {
		for (const { id, provider, limits } of deployments) {
			const station = this.of(id);
			station.limiter = withLimits(station.limiter, limits);
			station.keys = this.#stationKeys(station, provider, keysOf(provider));
		}
	}

	of(deployment: string): Station {
		let station = this.#stations.get(deployment);
		if (station === undefined) {
			station = new Station(this.#nowMs);
			this.#stations.set(deployment, station);
		}
		return station;
	}

	#stationKeys(station: Station, provider: string, plans: readonly KeyPlan[]): readonly StationKey[] {
		const [only] = plans;
		if (only === undefined || (plans.length === 1 && only.limits === undefined)) return [];
		return plans.map((plan) => {
			const shared = this.#key(provider, plan);
			return station.keys.find((key) => key.shared === shared) ?? new StationKey(shared);
		});
	}

	#key(provider: string, { id, weight, limits }: KeyPlan): ProviderKey {
		const name = `${provider} ${id}`;
		const key = this.#keys.get(name) ?? new ProviderKey(id, weight, limits);
		this.#keys.set(name, key);
		key.weight = weight;
		key.limiter = withLimits(key.limiter, limits);
		return key;
	}
}

/** What was counted until now goes on counting. */
function withLimits(limiter: Limiter | undefined, limits: Limits | undefined): Limiter | undefined {
	if (limits === undefined) return undefined;
	if (limiter === undefined) return new Limiter(limits);
	limiter.limits = limits;
	return limiter;
}
