/** Responses: writes a conversation as the body of a call, for an upstream that its caller's dialect does not reach. */

import type { Conversation, Message } from '../../protocol/conversation.ts';
import type { CallTarget, EncodedCall } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { effortOf, nearestEffort } from '../effort.ts';
import { attempt, type Fields } from '../fields.ts';
import { Losses, noteUntold } from '../losses.ts';
import { SHORT_NAMES, WireNames } from '../wire-names.ts';
import { encodeItems, joined } from './encode-items.ts';
import { encodeTools } from './encode-tools.ts';

const encoder = new TextEncoder();

export function encodeCall(conversation: Conversation, target: CallTarget): EncodedCall | Problem {
	return attempt(() => encode(conversation, target));
}

/** The vendor refuses a smaller cap. */
const LEAST_CAP_TOKENS = 16;

/** Nothing is kept at the vendor: so its reasoning comes encrypted, for the caller to bring back. */
function encode(conversation: Conversation, target: CallTarget): EncodedCall {
	const losses = new Losses();
	const names = new WireNames(SHORT_NAMES);
	noteUntold(conversation, target, losses);
	const { fields: tools, known } = encodeTools(conversation, names);
	const { instructions, turns } = splitOpening(conversation.messages);
	const body = {
		model: target.model,
		max_output_tokens: Math.max(LEAST_CAP_TOKENS, target.outputCapTokens),
		...(instructions === '' ? {} : { instructions }),
		...tools,
		input: encodeItems(turns, target, losses, names),
		...encodeText(conversation),
		...encodeReasoning(conversation, target, losses),
		...encodeSampling(conversation, target, losses),
		...encodeRest(conversation, losses),
		store: false,
		...(target.isStream ? { stream: true } : {}),
	};
	const headers = { 'content-type': 'application/json' };
	return { path: '/v1/responses', headers, body: encoder.encode(JSON.stringify(body)), losses: losses.list(), tools: known };
}

/** System text that opens the conversation becomes the instructions; the developer's stays a message, as its caller wrote it. */
function splitOpening(messages: readonly Message[]): { readonly instructions: string; readonly turns: readonly Message[] } {
	const first = messages.findIndex(({ role, isDeveloper }) => role !== 'system' || isDeveloper === true);
	const opening = messages.slice(0, first < 0 ? messages.length : first);
	const instructions = opening.map(({ content }) => joined(content)).filter((text) => text !== '');
	return { instructions: instructions.join('\n\n'), turns: messages.slice(opening.length) };
}

function encodeText({ outputSchema, outputSchemaName = 'answer', isOutputStrict, verbosity }: Conversation): Fields {
	const length = verbosity === undefined ? {} : { verbosity };
	if (outputSchema === undefined) return verbosity === undefined ? {} : { text: length };
	const isAnyObject = outputSchema.properties === undefined && outputSchema.type === 'object';
	const schema = { type: 'json_schema', name: outputSchemaName, schema: outputSchema, strict: isOutputStrict ?? false };
	return { text: { format: isAnyObject ? { type: 'json_object' } : schema, ...length } };
}

const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh'];

/** A wish to adapt is what these models do by themselves. */
function encodeReasoning({ reasoning }: Conversation, { lacks, vendor }: CallTarget, losses: Losses): Fields {
	if (lacks.includes('reasoning-effort')) return {};
	// Servers of open models do not all know the word.
	const include = vendor === 'openai' ? { include: ['reasoning.encrypted_content'] } : {};
	if (reasoning === undefined) return include;
	if (reasoning.type === 'off') {
		losses.add('reasoning-off', 'Not every model of this dialect can be told not to think; it is asked for the least.');
		return { reasoning: { effort: 'low' }, ...include };
	}
	const { effort, budgetTokens, isShown } = reasoning;
	const wanted = effort ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens));
	const word = wanted === undefined ? undefined : nearestEffort(wanted, EFFORTS);
	if (word !== undefined && effort === undefined) losses.add('thinking-budget', `The thinking budget is told as an effort: ${word}.`);
	else if (word !== effort) losses.add('effort', `The effort becomes ${word}, the nearest that the model has.`);
	const told = { ...(word === undefined ? {} : { effort: word }), ...(isShown === true ? { summary: 'auto' } : {}) };
	return { ...(Object.keys(told).length === 0 ? {} : { reasoning: told }), ...include };
}

function encodeSampling(conversation: Conversation, { lacks }: CallTarget, losses: Losses): Fields {
	const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty, stopSequences } = conversation;
	if (topK !== undefined) losses.add('top-k', 'top_k is left out: Responses has none.');
	if (seed !== undefined) losses.add('seed', 'The seed is left out: Responses has none.');
	if (frequencyPenalty !== undefined || presencePenalty !== undefined)
		losses.add('penalties', 'Penalties are left out: Responses has none.');
	if (stopSequences.length > 0) losses.add('stop-sequences', 'Stop sequences are left out: Responses has none.');
	const given = Object.entries({ temperature, top_p: topP }).filter(([, value]) => value !== undefined);
	if (!lacks.includes('sampling')) return Object.fromEntries(given);
	if (given.length > 0) losses.add('sampling', 'Temperature and top_p are left out: the model does not take them.');
	return {};
}

/** The vendor takes a user id up to this long. */
const LONGEST_USER = 64;

function encodeRest({ userId, metadata, promptCacheKey, cache, messages, tools }: Conversation, losses: Losses): Fields {
	const isMarked = (one: object) => 'cache' in one && one.cache !== undefined;
	if (cache !== undefined || tools.some(isMarked) || messages.some(({ content }) => content.some(isMarked)))
		losses.add('cache-control', 'Cache marks are left out: upstreams of this dialect cache by themselves.');
	if (metadata !== undefined) losses.add('metadata', 'The metadata is left out: it is kept only with stored answers.');
	const isUserTold = userId !== undefined && userId.length <= LONGEST_USER;
	if (userId !== undefined && !isUserTold) losses.add('user', `The user id is left out: it has more than ${LONGEST_USER} characters.`);
	return {
		...(isUserTold ? { safety_identifier: userId } : {}),
		...(promptCacheKey === undefined ? {} : { prompt_cache_key: promptCacheKey }),
	};
}
