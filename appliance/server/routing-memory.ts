/** What the box remembers between calls for the router: what goes on at each deployment, and where each session was served. */

import type { Settings } from '../config/settings.ts';
import type { Call } from '../protocol/call.ts';
import type { Deployment } from '../protocol/deployment.ts';
import type { Key } from '../protocol/member.ts';
import type { Affinity } from '../protocol/plan.ts';
import type { Clock } from '../protocol/ports.ts';
import { AffinityMemory, type ServedCall } from '../router/affinity.ts';
import { CLOSED } from '../router/cooldown.ts';
import { LocalTimes } from '../router/local-times.ts';
import type { Station } from '../router/traffic/station.ts';
import { Stations } from '../router/traffic/stations.ts';

export class RoutingMemory {
	private readonly clock: Clock;
	private readonly affinity = new AffinityMemory((a, b) => Buffer.compare(a, b) === 0);
	/** What local answers have taken. */
	readonly localTimes = new LocalTimes();
	private readonly stations: Stations;

	constructor(clock: Clock) {
		this.clock = clock;
		this.stations = new Stations(clock.nowMs);
	}

	/** Puts the limits and keys of a configuration in force; what runs and rests stays. */
	configure({ deployments, providers }: Settings): void {
		this.stations.configure(deployments, (provider) => providers[provider]?.keys ?? []);
	}

	/** A new key begins with a clean record: what the old one was refused for is over. */
	wake(deployments: readonly Pick<Deployment, 'id'>[], keyId: string): void {
		for (const { id } of deployments) {
			const station = this.station(id);
			station.cooldown = CLOSED;
			for (const key of station.keys.filter(({ shared }) => shared.id === keyId)) {
				key.cooldown = CLOSED;
				key.shared.cooldown = CLOSED;
			}
		}
	}

	station(deployment: string): Station {
		return this.stations.of(deployment);
	}

	affinityOf(key: Key, call: Call, body: Uint8Array): Affinity | undefined {
		return this.affinity.find(key, call, body);
	}

	/** The provider's key whose account holds the prompt cache of the call's session at this deployment. */
	cachedKeyOf(key: Key, call: Call, deployment: string): string | undefined {
		return this.affinity.keyAt(key, call, deployment);
	}

	served(served: Omit<ServedCall, 'nowMs'>): void {
		this.affinity.note({ ...served, nowMs: this.clock.nowMs() });
	}
}
