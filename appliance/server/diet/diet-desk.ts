/** Puts a call's tool results on the diet: what was decided when one first appeared holds for every turn that carries it. */

import { hash, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { findToolResults, type ResultText, readText, replaceTexts, type ToolTraffic } from '../../dialect/tool-results.ts';
import type { Price } from '../../protocol/deployment.ts';
import type { DietMode, DietNote, DietSettings, DietStore, TrimRow, TrimRule } from '../../protocol/diet.ts';
import type { Clock } from '../../protocol/ports.ts';
import { HINT_HEADERS } from '../../protocol/words.ts';
import { expectedTurnsAfter, falseShareOf, gainOf } from '../../router/diet/gain.ts';
import { mayChangeFiles, resultKindOf } from '../../router/diet/tool-kind.ts';
import { type Trimmed, trimText } from '../../router/diet/trim-text.ts';
import { isNamed } from '../../router/model-name.ts';
import { type Arrival, Walk } from '../walk.ts';
import type { SummaryDesk } from './summary-desk.ts';

/** Of code and logs; what is saved is an estimate all the same. */
const BYTES_PER_TOKEN = 3.5;

export interface DietSources {
	readonly store: DietStore;
	readonly clock: Clock;
	readonly log: Logger;
	/** What is ready of a long log. */
	readonly summaries: Pick<SummaryDesk, 'summaryOf'>;
}

/** A text with what tells it apart. */
interface Piece {
	readonly found: ResultText;
	readonly bytes: number;
	/** Of the bytes alone. */
	readonly digest: string;
	readonly key: string;
}

interface Applied {
	readonly piece: Piece;
	readonly row: TrimRow;
	readonly isNew: boolean;
}

export class DietDesk {
	readonly #sources: DietSources;
	#settings: DietSettings;
	/** Nobody's calls are looked at while it is false. */
	isOn = false;
	#trims = 0;
	#falseTrims = 0;
	readonly #saidFalse = new Set<string>();

	constructor(settings: DietSettings, sources: DietSources) {
		this.#sources = sources;
		this.#settings = settings;
		this.configure(settings);
	}

	configure(settings: DietSettings): void {
		this.#settings = settings;
		this.isOn = [settings.mode, ...Object.values(settings.members)].some((mode) => mode !== 'off');
	}

	/** The walk of a call, its results trimmed; whatever goes wrong here, the call goes on as it came. */
	async takeOn(arrival: Arrival): Promise<Walk> {
		const mode = this.#modeOf(arrival);
		if (mode === 'off') return new Walk(arrival);
		try {
			return await this.#trim(arrival, mode);
		} catch (err) {
			this.#sources.log.warn({ err, callId: arrival.callId }, 'a call was not put on the diet');
			return new Walk(arrival);
		}
	}

	#modeOf({ key, request }: Arrival): DietMode {
		if (request.headers[HINT_HEADERS.diet] === 'off') return 'off';
		const { members, mode } = this.#settings;
		return Object.hasOwn(members, key.memberName) ? (members[key.memberName] ?? mode) : mode;
	}

	async #trim(arrival: Arrival, mode: Exclude<DietMode, 'off'>): Promise<Walk> {
		const { body } = arrival.request;
		const traffic = findToolResults(arrival.dialect.name, body);
		const pieces = this.#piecesOf(arrival, traffic);
		const known = await this.#sources.store.find(pieces.map(({ key }) => key));
		const stake = { promptTokens: body.length / BYTES_PER_TOKEN, turns: traffic.turns, price: priceOf(arrival, traffic.model) };
		const applied: Applied[] = [];
		/** Texts that go out whole, for those that are the same. */
		const whole = new Set<string>();
		for (const piece of pieces) {
			const before = known.get(piece.key);
			const row = before ?? (piece.found.isNewest ? this.#decide(arrival, mode, piece, whole, stake) : undefined);
			const isInForce = row !== undefined && row.savedTokens > 0 && (row.sameAs === null || whole.has(row.sameAs));
			if (isInForce) applied.push({ piece, row, isNew: before === undefined });
			if (!isInForce || row.text === null) whole.add(piece.digest);
		}
		this.#countFalse(traffic, applied);
		return walkOf(arrival, mode, applied, stake.price);
	}

	#piecesOf({ request, key: { memberId } }: Arrival, { texts }: ToolTraffic): readonly Piece[] {
		return texts.flatMap((found) => {
			const { start, end } = found.span;
			if (end - start < this.#settings.leastBytes) return [];
			const bytes = request.body.subarray(start, end);
			const digest = hash('sha256', bytes).slice(0, 32);
			return [
				{ found, bytes: end - start, digest, key: hash('sha256', `${memberId} ${found.callId} ${found.part} ${digest}`).slice(0, 32) },
			];
		});
	}

	/** Made once; what stays is remembered as well, so that a repeated call is sent the same. */
	#decide(
		arrival: Arrival,
		mode: Exclude<DietMode, 'off'>,
		piece: Piece,
		whole: ReadonlySet<string>,
		{ promptTokens, turns, price }: { readonly promptTokens: number; readonly turns: number; readonly price: Price | undefined },
	): TrimRow {
		const id = randomBytes(16).toString('hex');
		const original = readText(arrival.request.body, piece.found.span);
		const trimmed = this.#shorter(arrival, piece, original, whole.has(piece.digest), id);
		const savedTokens =
			trimmed === undefined ? 0 : Math.floor((piece.bytes - Buffer.byteLength(JSON.stringify(trimmed.text))) / BYTES_PER_TOKEN);
		const falseShare = falseShareOf(this.#falseTrims, this.#trims);
		const gainNanoUsd = gainOf({ savedTokens, promptTokens, expectedTurns: expectedTurnsAfter(turns), falseShare, price });
		const isWorth = trimmed !== undefined && savedTokens > 0 && gainNanoUsd > 0;
		const isTrimmed = isWorth && mode === 'on';
		const row: TrimRow = {
			key: piece.key,
			memberId: arrival.key.memberId,
			mode,
			text: isTrimmed ? trimmed.text : null,
			sameAs: isWorth && trimmed.sameAs ? piece.digest : null,
			id: isTrimmed ? id : null,
			original: isTrimmed ? original : null,
			rules: isWorth ? trimmed.rules : [],
			savedTokens: isWorth ? savedTokens : 0,
			gainNanoUsd: isWorth ? gainNanoUsd : 0,
			atMs: this.#sources.clock.wallMs(),
		};
		if (isTrimmed) this.#trims += 1;
		this.#sources.store.add(row);
		return row;
	}

	#shorter(arrival: Arrival, { found, digest }: Piece, original: string, isAgain: boolean, id: string) {
		const offer = offerOf(arrival, id);
		if (isAgain) {
			const text = `[innerloop: the same text, to the letter, as an earlier tool result of this conversation, which still stands above. ${offer}]`;
			return { text, rules: ['same-again'] as readonly TrimRule[], sameAs: true };
		}
		const kind = resultKindOf(found.toolName, found.input, this.#settings);
		const { longLogLines, hasSummaries } = this.#settings;
		const isAsked = hasSummaries && kind === 'log';
		const summary = isAsked ? this.#sources.summaries.summaryOf(arrival.key.memberId, digest, original, longLogLines) : undefined;
		const trimmed: Trimmed | undefined = trimText(original, kind, longLogLines, summary);
		if (trimmed === undefined) return undefined;
		const { text, rules, lines, leftOutLines } = trimmed;
		return { text: `${text}\n[innerloop left out ${leftOutLines} of ${lines} lines. ${offer}]`, rules, sameAs: false };
	}

	/** The model makes the very call again whose result was trimmed, though nothing can have changed meanwhile. */
	#countFalse({ calls, texts }: ToolTraffic, applied: readonly Applied[]): void {
		const newest = new Set(texts.filter(({ isNewest }) => isNewest).map(({ callId }) => callId));
		if (newest.size === 0) return;
		for (const { piece, row, isNew } of applied) {
			if (isNew || row.text === null || this.#saidFalse.has(row.key)) continue;
			const at = calls.findIndex(({ id }) => id === piece.found.callId);
			const again = calls.findIndex(
				(call, index) => index > at && newest.has(call.id) && call.name === piece.found.toolName && call.input === piece.found.input,
			);
			if (again < 0 || calls.slice(at + 1, again).some(({ name }) => mayChangeFiles(name))) continue;
			this.#saidFalse.add(row.key);
			this.#falseTrims += 1;
			this.#sources.store.noteFalse(row.key, 'call-repeated');
		}
	}
}

function walkOf(arrival: Arrival, mode: Exclude<DietMode, 'off'>, applied: readonly Applied[], price: Price | undefined): Walk {
	const out = applied.flatMap(({ piece, row }) => (row.text === null ? [] : [{ span: piece.found.span, text: row.text }]));
	const body = mode === 'on' ? replaceTexts(arrival.request.body, out) : arrival.request.body;
	const walk = new Walk({ ...arrival, request: { ...arrival.request, body } });
	const fresh = applied.filter(({ isNew }) => isNew);
	walk.diet = noteOf(mode, applied, fresh, price);
	if (fresh.length > 0) {
		const { rules, gainNanoUsd } = walk.diet;
		const [verb, code] = mode === 'on' ? ['were trimmed', 'trimmed'] : ['would be trimmed', 'trim-observed'];
		const tokens = fresh.reduce((sum, { row }) => sum + row.savedTokens, 0);
		const text = `${fresh.length} tool results ${verb} by about ${tokens} tokens (${rules.join(', ')}): worth $${(gainNanoUsd / 1e9).toFixed(4)} over the turns to come.`;
		walk.because('diet', code, text);
	}
	return walk;
}

function noteOf(
	mode: Exclude<DietMode, 'off'>,
	applied: readonly Applied[],
	fresh: readonly Applied[],
	price: Price | undefined,
): DietNote {
	const carried = applied.filter(({ row, isNew }) => isNew || row.text !== null);
	const nano = (tokens: number, rate: number | undefined) => Math.round((tokens * (rate ?? 0)) / 1_000);
	return {
		mode,
		trimmed: fresh.length,
		rules: [...new Set(fresh.flatMap(({ row }) => row.rules))],
		gainNanoUsd: fresh.reduce((sum, { row }) => sum + row.gainNanoUsd, 0),
		leftOutTokens: carried.reduce((sum, { row }) => sum + row.savedTokens, 0),
		savedNanoUsd: carried.reduce(
			(sum, { row, isNew }) => sum + nano(row.savedTokens, isNew ? price?.inputPicoUsd : price?.cacheReadPicoUsd),
			0,
		),
	};
}

/** Of the model that is asked for; of one that has no price here, what the frontier takes. */
function priceOf({ deployments }: Arrival, model: string): Price | undefined {
	const billed = deployments.filter(({ price, tier, isOwnLogin }) => price !== null && tier !== 'local' && isOwnLogin !== true);
	const one = billed.find((deployment) => isNamed(deployment, model)) ?? billed.find(({ tier }) => tier === 'frontier') ?? billed[0];
	return one?.price ?? undefined;
}

/** A command that an agent's shell runs without a key in its environment. */
function offerOf({ request, reply }: Arrival, id: string): string {
	const host = request.headers.host ?? 'localhost';
	const curl = reply.isSecure ? 'curl -sS --cacert "$NODE_EXTRA_CA_CERTS" https' : 'curl -sS http';
	return `The whole text, should it be needed: ${curl}://${String(host)}/innerloop/v1/originals/${id}`;
}
