/** One call on its way: held, sent, failed, tried elsewhere or again, settled; as `server/execute.ts` and `charge.ts` do it. */

import type { Call } from '../../appliance/protocol/call.ts';
import type { RankedCandidate } from '../../appliance/protocol/decision.ts';
import type { Deployment } from '../../appliance/protocol/deployment.ts';
import type { Affinity, Plan } from '../../appliance/protocol/plan.ts';
import { priceUsage } from '../../appliance/router/price-usage.ts';
import { afterFailure } from '../../appliance/router/retry.ts';
import type { Tree } from './clients.ts';
import type { Segment } from './conversation.ts';
import type { Random } from './random.ts';
import { type Bill, bill, type Sent } from './upstream.ts';

const RETRIES = {
	repeats: 2,
	on: ['broken', 'server-error'],
	prefer: 'next',
	backoffMs: 1,
	longestWaitMs: 10,
	reservedRepeats: 1,
} as const;

export class Walk {
	readonly id: string;
	readonly tree: Tree;
	readonly call: Call;
	readonly segments: readonly Segment[];
	readonly plan: Plan;
	/** As they were when the call came. */
	readonly deployments: readonly Deployment[];
	readonly affinity: Affinity | undefined;
	/** The entry that must be on the platter before anything is sent. */
	readonly waitSeq: number;
	/** Ledger time of the reservation. */
	readonly reservedAtMs: number;
	/** What upstreams have billed for it until now. */
	billedNanoUsd = 0;
	/** It has been on the wire. */
	isSent = false;
	/** As the ledger will hear of it. */
	charged: { readonly nanoUsd: number; readonly isBound: boolean } | undefined;
	/** What the upstream that is being asked will bill. */
	running: { readonly sent: Sent; readonly bill: Bill } | undefined;
	#index = 0;
	#repeats = 0;

	constructor(parts: Pick<Walk, 'id' | 'tree' | 'call' | 'segments' | 'plan' | 'deployments' | 'affinity' | 'waitSeq' | 'reservedAtMs'>) {
		({
			id: this.id,
			tree: this.tree,
			call: this.call,
			segments: this.segments,
			plan: this.plan,
			deployments: this.deployments,
			affinity: this.affinity,
			waitSeq: this.waitSeq,
			reservedAtMs: this.reservedAtMs,
		} = parts);
	}

	/** The next try goes out; the upstream makes up its bill. */
	send(share: number): Bill {
		const { deployment: id, outputCapTokens } = this.candidate();
		const deployment = this.deployments.find((one) => one.id === id);
		if (deployment === undefined) throw new Error(`no deployment ${id}`);
		const { call, segments, affinity } = this;
		const isKnownInPart = affinity?.deployment === id && affinity.model === deployment.model && affinity.unseenBytes !== undefined;
		const capTokens = outputCapTokens ?? call.outputCapTokens ?? deployment.maxOutputTokens;
		const sent: Sent = { call, deployment, segments, capTokens, isKnownInPart };
		const made = bill(sent, share);
		this.running = { sent, bill: made };
		return made;
	}

	/** The whole answer came, with its usage. */
	answered(): void {
		if (this.running === undefined) return;
		const { sent, bill: billed } = this.running;
		const { costNanoUsd, isBound } = priceUsage(billed.usage, sent.deployment, this.candidate().worstCostNanoUsd);
		this.#charge(costNanoUsd, isBound);
	}

	/** The answer broke off: its input may be known, its output counts at the cap. */
	cut(isInputKnown: boolean): void {
		if (this.running === undefined) return;
		const { sent, bill: billed } = this.running;
		const { serverToolUses, choiceCount } = this.call.size;
		const { worstCostNanoUsd } = this.candidate();
		if (!isInputKnown || serverToolUses !== undefined || choiceCount !== undefined) {
			this.#charge(worstCostNanoUsd, true);
			return;
		}
		const { costNanoUsd } = priceUsage({ ...billed.usage, outputTokens: sent.capTokens }, sent.deployment, worstCostNanoUsd);
		this.#charge(Math.min(costNanoUsd, worstCostNanoUsd), true);
	}

	/** The try failed before its first content; false when nobody else is asked. */
	fails(mayBeBilled: boolean, random: Random): boolean {
		if (mayBeBilled) this.#charge(this.candidate().worstCostNanoUsd, true);
		this.running = undefined;
		const later = this.plan.candidates.slice(this.#index + 1);
		const needed = [this.candidate(), ...later].reduce((sum, one) => sum + one.worstCostNanoUsd, this.charged?.nanoUsd ?? 0);
		const step = afterFailure(
			{
				failure: { kind: mayBeBilled ? 'broken' : 'server-error', mayBeBilled },
				repeats: this.#repeats,
				contextTokens: 0,
				later: later.map(() => ({ contextTokens: 1, takesRefusedContent: false })),
				canPayRepeat: needed <= this.plan.reservationNanoUsd,
				random: random.next(),
			},
			{ ...RETRIES, on: [...RETRIES.on], prefer: random.chance(0.5) ? 'next' : 'same' },
		);
		if (step.type === 'stop') return false;
		if (step.type === 'next') this.#index += step.skip;
		this.#repeats = step.type === 'next' ? 0 : this.#repeats + 1;
		return true;
	}

	/** Who is asked now. */
	candidate(): RankedCandidate {
		const candidate = this.plan.candidates[this.#index];
		if (candidate === undefined) throw new Error('a walk without a candidate');
		return candidate;
	}

	#charge(nanoUsd: number, isBound: boolean): void {
		this.charged = { nanoUsd: nanoUsd + (this.charged?.nanoUsd ?? 0), isBound: isBound || this.charged?.isBound === true };
	}
}
