/** Answers in shadow what the cloud answered, while nobody calls, and keeps how each class of calls stands. */

import type { Logger } from 'pino';
import type { Deployment } from '../../protocol/deployment.ts';
import type { EarnedPolicy, EarnedReport, EarnedSettings, EarnedStore, Standing, Verdict } from '../../protocol/earned.ts';
import { foldStream } from '../../protocol/fold-stream.ts';
import type { Clock, Dialect, LocalEngine, ReplyTap } from '../../protocol/ports.ts';
import type { ReplyContent } from '../../protocol/stream.ts';
import { layOut } from '../../provider/local/prompt/lay-out.ts';
import { compareAnswers } from '../../router/earned/agreement.ts';
import { classOf } from '../../router/earned/call-class.ts';
import { earnedPolicy, standingOf } from '../../router/earned/standing.ts';
import type { IdleWork } from '../idle-work.ts';
import { type Arrival, must, type Walk } from '../walk.ts';
import { HeardReply } from './heard-reply.ts';

export interface EarnedSources {
	readonly store: EarnedStore;
	readonly engine: LocalEngine;
	readonly clock: Clock;
	readonly log: Logger;
	readonly idle: IdleWork;
}

/** What a shadow answer needs; held in memory alone, and let go of with the answer. */
interface Shadow {
	readonly className: string;
	readonly memberId: string;
	readonly dialect: Dialect;
	readonly body: Uint8Array;
	readonly reply: Uint8Array;
	/** Of the reply; where the call crossed, not the caller's. */
	readonly replyDialect: Dialect;
	readonly isStream: boolean;
	readonly outputCapTokens: number;
	readonly allowedTools: readonly string[] | undefined;
}

const MOST_OUTPUT_TOKENS = 512;
/** A token of text is seldom shorter: longer bodies do not fit the window. */
const BYTES_PER_TOKEN = 6;
const MOST_LOADED = 20_000;
/** For these reasons alone the box would have answered, had the class earned it, or been in less of a hurry. */
const MAY_SHADOW = new Set(['not-earned', 'not-earned-but-only', 'earned-audit', 'slower-than-cloud']);

export class EarnedDesk {
	readonly #sources: EarnedSources;
	#settings: EarnedSettings;
	readonly #verdicts = new Map<string, Verdict[]>();
	readonly #standings = new Map<string, Standing>();
	#model = '';
	#shadows = 0;
	policy: EarnedPolicy | undefined;
	isOn = false;

	constructor(settings: EarnedSettings, sources: EarnedSources) {
		this.#sources = sources;
		this.#settings = settings;
		this.configure(settings);
	}

	configure(settings: EarnedSettings): void {
		this.#settings = settings;
		this.isOn = settings.mode !== 'off';
		this.#standings.clear();
		this.policy = settings.mode === 'on' ? earnedPolicy((name) => this.#standing(name), settings) : undefined;
		if (!this.isOn) this.#sources.idle.drop('shadow');
	}

	/** What earlier runs of the box have seen of the same model. */
	async start(): Promise<void> {
		for (const { className, model, verdict } of await this.#sources.store.recent(MOST_LOADED)) this.#count(className, model, verdict);
	}

	/** The tap that listens to the answer of a call; the same one where nothing is compared. */
	listen(walk: Walk, tap: ReplyTap, dialect: Dialect): ReplyTap {
		if (!this.#isWanted(walk)) return tap;
		const heard = new HeardReply(tap, dialect);
		walk.heard = heard;
		return heard;
	}

	/** The caller has all of its answer. */
	finish(walk: Walk): void {
		const { call, plan, heard, arrival } = walk;
		if (call === undefined || plan === undefined) return;
		const className = classOf(call, plan.role);
		if (wasGivenUpHere(walk)) this.#note(className, 'differs');
		const reply = heard?.bytes();
		if (reply === undefined || walk.problem !== undefined || arrival.reply.status !== 200 || heard?.summary().isComplete !== true) return;
		const shadow: Shadow = {
			className,
			memberId: arrival.key.memberId,
			dialect: arrival.dialect,
			body: arrival.request.body.slice(),
			reply,
			replyDialect: heard?.dialect ?? arrival.dialect,
			isStream: call.isStream,
			outputCapTokens: Math.min(call.outputCapTokens ?? MOST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS),
			allowedTools: ownOf(arrival)?.allowedTools,
		};
		this.#sources.idle.offer('shadow', (signal) => this.#answerInShadow(shadow, signal));
	}

	report(): EarnedReport {
		const standings = [...new Set([...this.#verdicts.keys(), ...Object.keys(this.#settings.classes)])]
			.sort()
			.map((name) => this.#standing(name));
		return {
			mode: this.#settings.mode,
			model: this.#sources.engine.status().model,
			fewest: this.#settings.fewest,
			standings,
			shadows: this.#shadows,
			givenUp: this.#sources.idle.givenUp,
		};
	}

	#isWanted({ call, plan, deployment, arrival }: Walk): boolean {
		const status = this.#sources.engine.status();
		if (call === undefined || plan === undefined || deployment === undefined || call.operation !== 'generate') return false;
		if (status.state !== 'ready' || deployment.tier === 'local' || call.signals.purpose === 'safety-classifier') return false;
		if (call.size.bodyBytes > status.contextTokens * BYTES_PER_TOKEN || arrival.key.neverBelowAsked === true) return false;
		if (plan.candidates.some(({ tier }) => tier === 'local')) return true;
		const rejected = plan.rejected.find((one) => one.deployment === ownOf(arrival)?.id);
		return rejected?.reasons.every(({ code }) => MAY_SHADOW.has(code)) === true;
	}

	async #answerInShadow(shadow: Shadow, signal: AbortSignal): Promise<void> {
		const verdict = compareAnswers(await cloudAnswer(shadow), await this.#localAnswer(shadow, signal));
		this.#shadows += 1;
		this.#note(shadow.className, verdict);
	}

	async #localAnswer({ body, dialect, className, memberId, outputCapTokens, allowedTools }: Shadow, signal: AbortSignal) {
		const { conversation } = layOut(must(dialect.decodeConversation(body)), className === 'title' || className === 'compaction');
		const parts = this.#sources.engine.answer({
			callId: 'shadow',
			memberId,
			affinityKey: 'shadow',
			conversation,
			allowedTools,
			maxOutputTokens: outputCapTokens,
			signal,
		});
		return (await foldStream(parts)).content;
	}

	#note(className: string, verdict: Verdict): void {
		const model = this.#sources.engine.status().model ?? '';
		if (model === '') return;
		const before = this.#standing(className);
		this.#count(className, model, verdict);
		const row = { className, model, verdict, atMs: this.#sources.clock.wallMs() };
		this.#sources.store.add(row);
		const after = this.#standing(className);
		if (before.isLocal !== after.isLocal)
			this.#sources.log.info(
				{ ...after },
				after.isLocal ? 'a class of calls has earned the box' : 'a class of calls goes back to the cloud',
			);
	}

	/** Another model begins anew. */
	#count(className: string, model: string, verdict: Verdict): void {
		if (model !== this.#model) {
			this.#verdicts.clear();
			this.#standings.clear();
			this.#model = model;
		}
		const verdicts = this.#verdicts.get(className) ?? [];
		verdicts.push(verdict);
		if (verdicts.length > this.#settings.window) verdicts.shift();
		this.#verdicts.set(className, verdicts);
		this.#standings.delete(className);
	}

	#standing(className: string): Standing {
		const known = this.#standings.get(className);
		if (known !== undefined) return known;
		const standing = standingOf(className, this.#verdicts.get(className) ?? [], this.#settings);
		this.#standings.set(className, standing);
		return standing;
	}
}

const ownOf = ({ deployments }: Arrival): Deployment | undefined => deployments.find(({ provider }) => provider === 'local');

/** The box began, and another one had to answer. */
const wasGivenUpHere = ({ confidence, reasons }: Walk): boolean =>
	confidence?.went.startsWith('escalated') === true || reasons.some(({ code }) => code === 'local-failed-next');

async function cloudAnswer({ replyDialect: dialect, reply, isStream }: Shadow): Promise<readonly ReplyContent[]> {
	const source = { vendor: undefined, idPrefix: 'shadow' };
	if (!isStream) return must(dialect.decodeReply(Buffer.from(reply).toString('utf8'), source)).content;
	const decoder = dialect.createStreamDecoder(source);
	return (await foldStream([...decoder.push(reply), ...decoder.end()])).content;
}
