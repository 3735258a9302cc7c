/** Chat Completions: writes a conversation as the body of a call, for an upstream that its caller's dialect does not reach. */

import type { Conversation } from '../../protocol/conversation.ts';
import type { CallTarget, EncodedCall } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { effortOf, nearestEffort } from '../effort.ts';
import { attempt, type Fields } from '../fields.ts';
import { cannotExpress, Losses, noteUntold } from '../losses.ts';
import { SHORT_NAMES, WireNames } from '../wire-names.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeTools } from './encode-tools.ts';
import { rulesOf, type VendorRules } from './vendors.ts';

const encoder = new TextEncoder();

export function encodeCall(conversation: Conversation, target: CallTarget): EncodedCall | Problem {
	return attempt(() => encode(conversation, target));
}

function encode(conversation: Conversation, target: CallTarget): EncodedCall {
	const losses = new Losses();
	const names = new WireNames(SHORT_NAMES);
	const rules = rulesOf(target.vendor);
	noteUntold(conversation, target, losses);
	const { fields: tools, known } = encodeTools(conversation, rules, losses, names);
	const body = {
		model: target.model,
		[rules.capField]: target.outputCapTokens,
		...tools,
		messages: encodeMessages(conversation, target, rules, losses, names),
		...encodeFormat(conversation, target, rules),
		...encodeReasoning(conversation, target, rules, losses),
		...encodeSampling(conversation, target, losses),
		...encodeStops(conversation, losses),
		...encodeRest(conversation, rules, losses),
		...(target.isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
	};
	const headers = { 'content-type': 'application/json' };
	return { path: '/v1/chat/completions', headers, body: encoder.encode(JSON.stringify(body)), losses: losses.list(), tools: known };
}

function encodeFormat(
	{ outputSchema, outputSchemaName = 'answer', isOutputStrict }: Conversation,
	target: CallTarget,
	rules: VendorRules,
): Fields {
	if (outputSchema === undefined) return {};
	if (outputSchema.properties === undefined && outputSchema.type === 'object') return { response_format: { type: 'json_object' } };
	if (!rules.hasSchema) cannotExpress('A schema for the answer', target);
	const strict = isOutputStrict === undefined ? {} : { strict: isOutputStrict };
	return { response_format: { type: 'json_schema', json_schema: { name: outputSchemaName, schema: outputSchema, ...strict } } };
}

/** A wish to adapt is what these models do by themselves. */
function encodeReasoning(
	{ reasoning, toolChoice }: Conversation,
	{ vendor, lacks }: CallTarget,
	rules: VendorRules,
	losses: Losses,
): Fields {
	const isForced = toolChoice === 'any' || typeof toolChoice === 'object';
	// DeepSeek refuses a forced tool while it thinks, and thinks unless it is told not to.
	if (vendor === 'deepseek' && (isForced || reasoning === undefined || reasoning.type === 'off')) {
		if (reasoning?.type === 'on') losses.add('reasoning', 'The model does not think first: with a forced tool DeepSeek takes no thinking.');
		return { thinking: { type: 'disabled' } };
	}
	if (reasoning === undefined || lacks.includes('reasoning-effort')) return {};
	if (reasoning.type === 'off') {
		losses.add('reasoning-off', 'Not every model of this dialect can be told not to think; it is asked for the least.');
		return { reasoning_effort: rules.efforts.find((word) => word === 'low') ?? 'low' };
	}
	const { effort, budgetTokens } = reasoning;
	const wanted = effort ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens));
	const thinking = vendor === 'deepseek' ? { thinking: { type: 'enabled' } } : {};
	if (wanted === undefined) return thinking;
	const word = nearestEffort(wanted, rules.efforts);
	if (effort === undefined) losses.add('thinking-budget', `The thinking budget is told as an effort: ${word}.`);
	else if (word !== effort) losses.add('effort', `The effort becomes ${word}, the nearest that the model has.`);
	return { ...thinking, reasoning_effort: word };
}

function encodeSampling(conversation: Conversation, { lacks }: CallTarget, losses: Losses): Fields {
	const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty } = conversation;
	if (topK !== undefined) losses.add('top-k', 'top_k is left out: Chat Completions has none.');
	const steering = { temperature, top_p: topP, frequency_penalty: frequencyPenalty, presence_penalty: presencePenalty };
	const given = Object.entries(steering).filter(([, value]) => value !== undefined);
	const rest = seed === undefined ? {} : { seed };
	if (!lacks.includes('sampling')) return { ...Object.fromEntries(given), ...rest };
	if (given.length > 0) losses.add('sampling', 'Temperature, top_p and penalties are left out: the model does not take them.');
	return rest;
}

/** The most that the dialect's vendor takes. */
const MOST_STOPS = 4;

function encodeStops({ stopSequences }: Conversation, losses: Losses): Fields {
	if (stopSequences.length > MOST_STOPS) losses.add('stop-sequences', `Only the first ${MOST_STOPS} stop sequences are kept.`);
	return stopSequences.length > 0 ? { stop: stopSequences.slice(0, MOST_STOPS) } : {};
}

/** The vendor takes a user id up to this long. */
const LONGEST_USER = 64;

function encodeRest(conversation: Conversation, rules: VendorRules, losses: Losses): Fields {
	const { userId, metadata, verbosity, promptCacheKey, cache } = conversation;
	if (cache !== undefined || hasCacheMark(conversation)) {
		losses.add('cache-control', 'Cache marks are left out: upstreams of this dialect cache by themselves.');
	}
	if (metadata !== undefined) losses.add('metadata', 'The metadata is left out: it is kept only with stored answers.');
	if (verbosity !== undefined && !rules.hasOpenAiFields) losses.add('verbosity', 'The verbosity is left out: the vendor has none.');
	if (promptCacheKey !== undefined && !rules.hasOpenAiFields)
		losses.add('prompt-cache-key', 'The prompt cache key is left out: the vendor has none.');
	const isUserTold = userId !== undefined && userId.length <= LONGEST_USER;
	if (userId !== undefined && !isUserTold) losses.add('user', `The user id is left out: it has more than ${LONGEST_USER} characters.`);
	return {
		...(isUserTold ? { user: userId } : {}),
		...(verbosity !== undefined && rules.hasOpenAiFields ? { verbosity } : {}),
		...(promptCacheKey !== undefined && rules.hasOpenAiFields ? { prompt_cache_key: promptCacheKey } : {}),
	};
}

function hasCacheMark({ messages, tools }: Conversation): boolean {
	const isMarked = (one: object) => 'cache' in one && one.cache !== undefined;
	return tools.some(isMarked) || messages.some(({ content }) => content.some(isMarked));
}
