/** The box's own code that handles money: planner, ledger, pricing, retries and recovery, over a disk that can be cut. */

import type { Call } from '../../appliance/protocol/call.ts';
import type { Deployment } from '../../appliance/protocol/deployment.ts';
import type { Affinity, Plan } from '../../appliance/protocol/plan.ts';
import type { Budgets } from '../../appliance/protocol/ports.ts';
import type { LedgerAlarm } from '../../appliance/router/budget/ledger-records.ts';
import { recoverLedger } from '../../appliance/router/budget/ledger-recovery.ts';
import { LedgerState, type LedgerTime } from '../../appliance/router/budget/ledger-state.ts';
import { planCall } from '../../appliance/router/plan-call.ts';
import { SETTINGS, type Tree } from './clients.ts';
import { DEPLOYMENTS } from './deployments.ts';
import { Disk } from './disk.ts';
import type { Random } from './random.ts';

export class Box {
	readonly disk = new Disk();
	readonly alarms: LedgerAlarm[] = [];
	readonly #budgets: Budgets;
	deployments: readonly Deployment[] = DEPLOYMENTS;
	ledger: LedgerState;

	constructor(budgets: Budgets) {
		this.#budgets = budgets;
		this.ledger = this.#open();
	}

	plan(tree: Tree, call: Call, affinity: Affinity | undefined, time: LedgerTime, random: number): Plan {
		return planCall({
			call,
			key: tree.key,
			hints: { role: undefined, tier: undefined, deployment: tree.forced, tree: undefined },
			settings: { ...SETTINGS, reservedRepeats: random < 0.3 ? 2 : 0 },
			deployments: this.deployments,
			health: new Map(),
			affinity,
			allowance: this.ledger.allowance(tree.scope, time),
			nowMs: time.nowMs,
			random,
		});
	}

	/** The operator points one deployment at another model. */
	changeModel(random: Random): void {
		const at = random.nat(this.deployments.length);
		const version = random.nat(4);
		this.deployments = this.deployments.map((one, index) => (index === at ? { ...one, model: `${one.id}-${version}` } : one));
	}

	/** The process dies, by itself or with the power, and starts again; sometimes it dies once more while it recovers. */
	crash(random: Random): void {
		const isPowerCut = random.chance(0.5);
		if (isPowerCut) this.disk.powerCut(random);
		else this.disk.kill(random);
		for (let again = true; again; ) {
			this.ledger = this.#open();
			recoverLedger(this.ledger, !isPowerCut);
			again = random.chance(0.15);
			if (again) this.disk.powerCut(random);
		}
		this.disk.sync(Number.MAX_SAFE_INTEGER);
	}

	#open(): LedgerState {
		return new LedgerState(this.disk.snapshot(), this.#budgets, {
			entry: (entry) => this.disk.write(entry),
			alarm: (alarm) => this.alarms.push(alarm),
		});
	}
}
