/** Messages: writes a conversation as the body of a call, for an upstream that its caller's dialect does not reach. */

import type { Conversation, JsonSchema, JsonValue } from '../../protocol/conversation.ts';
import type { CallTarget, EncodedCall } from '../../protocol/ports.ts';
import type { Problem } from '../../protocol/problem.ts';
import { attempt, type Fields } from '../fields.ts';
import { cannotExpress, Losses, noteUntold } from '../losses.ts';
import { LONG_NAMES, WireNames } from '../wire-names.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeReasoning } from './encode-reasoning.ts';
import { encodeTools } from './encode-tools.ts';
import { cacheField } from './wire.ts';

const encoder = new TextEncoder();

export function encodeCall(conversation: Conversation, target: CallTarget): EncodedCall | Problem {
	return attempt(() => encode(conversation, target));
}

function encode(conversation: Conversation, target: CallTarget): EncodedCall {
	const losses = new Losses();
	const names = new WireNames(LONG_NAMES);
	noteUntold(conversation, target, losses);
	const { system, messages } = encodeMessages(conversation, target, losses, names);
	const { fields: tools, known } = encodeTools(conversation, losses, names);
	const thinking = encodeReasoning(conversation, target, losses);
	const format = encodeFormat(conversation, target, losses, system);
	const config = { ...thinking.config, ...format };
	const body = {
		model: target.model,
		max_tokens: target.outputCapTokens,
		...(system.length > 0 ? { system } : {}),
		...tools,
		messages,
		...(thinking.field === undefined ? {} : { thinking: thinking.field }),
		...(Object.keys(config).length > 0 ? { output_config: config } : {}),
		...encodeSampling(conversation, target, losses, thinking.isOn),
		...encodeStops(conversation, losses),
		...encodeRest(conversation, losses),
		...(target.isStream ? { stream: true } : {}),
	};
	const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
	return { path: '/v1/messages', headers, body: encoder.encode(JSON.stringify(body)), losses: losses.list(), tools: known };
}

/** A schema is held to; a bare "any JSON object" has no schema to hold to here, and is asked for in words. */
function encodeFormat({ outputSchema }: Conversation, target: CallTarget, losses: Losses, system: Fields[]): Fields {
	if (outputSchema === undefined) return {};
	if (outputSchema.properties === undefined && outputSchema.type === 'object') {
		losses.add('json-mode', 'The answer is asked to be a JSON object in words; nothing holds the model to it.');
		system.push({ type: 'text', text: 'Answer with one JSON object and nothing else.' });
		return {};
	}
	if (target.lacks.includes('output-config')) cannotExpress('A schema for the answer', target);
	return { format: { type: 'json_schema', schema: closed(outputSchema) } };
}

/** This wire wants every object of a schema closed (its page on structured outputs); an answer of the closed one fits the open one too. */
function closed(schema: JsonSchema): JsonSchema {
	const inner = Object.fromEntries(Object.entries(schema).map(([key, value]): [string, JsonValue] => [key, closedValue(value)]));
	return schema.type === 'object' && schema.additionalProperties === undefined ? { ...inner, additionalProperties: false } : inner;
}

function closedValue(value: JsonValue): JsonValue {
	if (Array.isArray(value)) return value.map(closedValue);
	return typeof value === 'object' && value !== null ? closed(value as JsonSchema) : value;
}

/** With thinking on this wire takes no sampling; its newer models take either temperature or top_p. */
function encodeSampling(conversation: Conversation, target: CallTarget, losses: Losses, isThinking: boolean): Fields {
	const { temperature, topP, topK, seed, frequencyPenalty, presencePenalty } = conversation;
	if (seed !== undefined) losses.add('seed', 'The seed is left out: Messages has none.');
	if (frequencyPenalty || presencePenalty) losses.add('penalties', 'Frequency and presence penalty are left out: Messages has none.');
	if (temperature === undefined && topP === undefined && topK === undefined) return {};
	const isDefault = temperature === 1 && topP === undefined && topK === undefined;
	if (isThinking || target.lacks.includes('sampling')) {
		if (!isDefault) losses.add('sampling', 'Temperature, top_p and top_k are left out: the model does not take them here.');
		return {};
	}
	if (temperature !== undefined && temperature > 1) losses.add('temperature', 'The temperature is lowered to 1, the highest of Messages.');
	if (temperature !== undefined && topP !== undefined) losses.add('top-p', 'top_p is left out: Messages takes it or the temperature.');
	return {
		...(temperature === undefined ? {} : { temperature: Math.min(1, Math.max(0, temperature)) }),
		...(topP === undefined || temperature !== undefined ? {} : { top_p: topP }),
		...(topK === undefined ? {} : { top_k: topK }),
	};
}

function encodeStops({ stopSequences }: Conversation, losses: Losses): Fields {
	const stops = stopSequences.filter((stop) => stop.trim() !== '');
	if (stops.length < stopSequences.length)
		losses.add('stop-sequences', 'Stop sequences of white space alone are left out: Messages refuses them.');
	return stops.length > 0 ? { stop_sequences: stops } : {};
}

/**
 * The dialects without cache marks cache by themselves; here that must be asked for, and pays where a conversation goes on.
 */
function encodeRest(conversation: Conversation, losses: Losses): Fields {
	const { userId, metadata, verbosity, cache, tools, messages, promptCacheKey } = conversation;
	if (metadata !== undefined) losses.add('metadata', 'The metadata is left out: Messages takes a user id alone.');
	if (verbosity !== undefined) losses.add('verbosity', 'The verbosity is left out: Messages has none.');
	if (promptCacheKey !== undefined)
		losses.add('prompt-cache-key', 'The prompt cache key is left out: Messages caches by marks, and one is set.');
	const goesOn = promptCacheKey !== undefined || tools.length > 0 || messages.some(({ role }) => role === 'assistant');
	return {
		...(userId === undefined ? {} : { metadata: { user_id: userId } }),
		...cacheField(cache ?? (goesOn ? '5m' : undefined)),
	};
}
