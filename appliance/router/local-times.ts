/** Learns from every local answer how long the next one takes: what is still known of its prompt, how much is written, how far estimates were off. */

import type { LocalForecast } from '../protocol/deployment.ts';
import type { Role } from '../protocol/words.ts';

/** Which prompt is asked for: of whom, in which conversation, with which system text and tools. */
export interface PromptMark {
	readonly memberId: string;
	readonly session: string;
	readonly prefixDigest: string;
}

export interface LocalAnswer extends PromptMark {
	readonly role: Role;
	/** The whole prompt, what was found included. */
	readonly promptTokens: number;
	readonly foundTokens: number;
	readonly outputTokens: number;
	/** What the router expected before, if it could. */
	readonly expectedMs: number | undefined;
	readonly actualMs: number;
	/** Other calls ran at the same time. */
	readonly hadCompany: boolean;
}

export interface EstimateErrors {
	readonly calls: number;
	/** Of |actual − expected| ÷ actual, in percent. */
	readonly medianPercent: number | undefined;
	readonly p90Percent: number | undefined;
}

const KEPT_ERRORS = 256;
const KEPT_OUTPUTS = 64;
/** Fewer answers of a role say nothing of it. */
const LEAST_OUTPUTS = 3;
const MOST_PROMPTS = 2_048;
/** Share of a new answer in the correction. */
const BLEND = 0.25;
/** A correction beyond it would hide that something else is wrong. */
const MOST_CORRECTION = 4;

export class LocalTimes {
	/** Tokens that a conversation's next prompt finds: all of its last one with its answer. */
	readonly #sessions = new Map<string, number>();
	/** Tokens that a new conversation with this system text was seen to find. */
	readonly #heads = new Map<string, number>();
	readonly #outputs = new Map<Role, number[]>();
	readonly #errors: number[] = [];
	/** Natural logarithm of actual ÷ expected, alone and in company. */
	readonly #corrections = { alone: 0, company: 0 };

	forecast(mark: PromptMark, hasCompany: boolean): LocalForecast {
		const heldTokens = this.#sessions.get(sessionOf(mark)) ?? this.#heads.get(headOf(mark)) ?? 0;
		const outputTokens: Partial<Record<Role, number>> = {};
		for (const [role, sizes] of this.#outputs) if (sizes.length >= LEAST_OUTPUTS) outputTokens[role] = quantile(sizes, 0.5);
		return { heldTokens, outputTokens, correction: Math.exp(this.#corrections[hasCompany ? 'company' : 'alone']) };
	}

	note(answer: LocalAnswer): void {
		const { promptTokens, foundTokens, outputTokens, role, expectedMs, actualMs, hadCompany } = answer;
		// A conversation's first prompt shows what all that begin so find.
		if (!this.#sessions.has(sessionOf(answer))) keep(this.#heads, headOf(answer), foundTokens);
		keep(this.#sessions, sessionOf(answer), promptTokens + outputTokens);
		const sizes = this.#outputs.get(role) ?? [];
		push(sizes, outputTokens, KEPT_OUTPUTS);
		this.#outputs.set(role, sizes);
		if (expectedMs === undefined || expectedMs <= 0 || actualMs <= 0) return;
		push(this.#errors, (Math.abs(actualMs - expectedMs) / actualMs) * 100, KEPT_ERRORS);
		const at = hadCompany ? 'company' : 'alone';
		const moved = this.#corrections[at] + BLEND * Math.log(actualMs / expectedMs);
		const most = Math.log(MOST_CORRECTION);
		this.#corrections[at] = Math.max(-most, Math.min(most, moved));
	}

	errors(): EstimateErrors {
		const isEmpty = this.#errors.length === 0;
		return {
			calls: this.#errors.length,
			medianPercent: isEmpty ? undefined : quantile(this.#errors, 0.5),
			p90Percent: isEmpty ? undefined : quantile(this.#errors, 0.9),
		};
	}
}

const sessionOf = ({ memberId, session, prefixDigest }: PromptMark) => JSON.stringify([memberId, session, prefixDigest]);
const headOf = ({ memberId, prefixDigest }: PromptMark) => JSON.stringify([memberId, prefixDigest]);

/** The one noted longest ago goes first. */
function keep(tokens: Map<string, number>, key: string, count: number): void {
	tokens.delete(key);
	tokens.set(key, count);
	const [oldest] = tokens.keys();
	if (tokens.size > MOST_PROMPTS && oldest !== undefined) tokens.delete(oldest);
}

function push(values: number[], value: number, most: number): void {
	values.push(value);
	if (values.length > most) values.shift();
}

function quantile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
