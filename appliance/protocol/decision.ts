/** A decision and its reasons: the same object in the log, in the reply's header and in `explain`. */

import type { ConfidenceNote } from './confidence.ts';
import type { DietNote } from './diet.ts';
import type { ExperimentNote } from './experiment.ts';
import type { PolicyNote } from './learning.ts';
import type { TokenCount } from './limits.ts';
import type { DialectName, Role, Tier } from './words.ts';

export interface Reason {
	/** Which step of the walk said it. */
	readonly step: 'authenticate' | 'diet' | 'role' | 'eligibility' | 'choose' | 'reserve' | 'execute' | 'settle';
	/** A short stable word, kebab-case: `haiku-model-id`, `window-too-small`, … */
	readonly code: string;
	/** One sentence for a person. No prompt text, no secret. */
	readonly text: string;
	/** The deployment it speaks of. */
	readonly deployment?: string;
}

export interface RankedCandidate {
	readonly deployment: string;
	readonly tier: Tier;
	/** Expected cost of this call there, cache effects included. */
	readonly expectedCostNanoUsd: number;
	/** The most that this call can cost there. */
	readonly worstCostNanoUsd: number;
	/** Expected time to the last token; undefined for a cloud deployment never measured. */
	readonly expectedMs: number | undefined;
	/** The output cap to splice in for this candidate; absent leaves the body alone. `worstCostNanoUsd` holds only under it. */
	readonly outputCapTokens?: number;
	/** What the call is expected to take of a limit in tokens; absent where there is none. */
	readonly limitTokens?: TokenCount;
}

export interface RejectedDeployment {
	readonly deployment: string;
	readonly reasons: readonly Reason[];
}

export interface Decision {
	/** Also the reply's `x-innerloop-call` header. */
	readonly callId: string;
	readonly at: string;
	readonly member: string;
	readonly keyId: string;
	readonly dialect: DialectName;
	readonly requestedModel: string;
	readonly role: Role;
	readonly treeKey: string;
	/** In the order they are tried. */
	readonly candidates: readonly RankedCandidate[];
	readonly rejected: readonly RejectedDeployment[];
	readonly reasons: readonly Reason[];
	readonly reservedNanoUsd: number;
	/** How the score chose, where it did. */
	readonly policy?: PolicyNote;
	/** Its tree's place in the comparison with the control group, where there is one. */
	readonly experiment?: ExperimentNote;
	/** How the box's own answer was judged, where it was. */
	readonly confidence?: ConfidenceNote;
	/** What was trimmed of its tool results, where the diet is on. */
	readonly diet?: DietNote;
}

/** What became of a decision. */
export interface Outcome {
	readonly callId: string;
	readonly deployment: string | undefined;
	readonly status: number;
	readonly costNanoUsd: number;
	/** True when usage was missing and the bound was charged instead. */
	readonly isCostBound: boolean;
	readonly latencyMs: number;
	readonly firstByteMs: number | undefined;
	readonly problemCode: string | undefined;
	readonly inputTokens: number | undefined;
	readonly outputTokens: number | undefined;
	readonly cacheReadTokens: number | undefined;
	/** Of any life; absent where there were none. */
	readonly cacheWriteTokens?: number;
	/** Answered with the caller's own plan login: `costNanoUsd` does not count its tokens. */
	readonly isOwnLogin?: true;
}
