/** Random callers: what they ask, in which tree, under which key. */

import type { Call, CallSize } from '../../appliance/protocol/call.ts';
import type { Key } from '../../appliance/protocol/member.ts';
import type { RoutingSettings } from '../../appliance/protocol/plan.ts';
import type { LedgerScope } from '../../appliance/protocol/ports.ts';
import { bytesOf, Conversation } from './conversation.ts';
import type { Random } from './random.ts';

export const SETTINGS: RoutingSettings = {
	roles: {
		outer: { role: 'outer', tiers: ['frontier', 'mid', 'local'], deadlineMs: 600_000, expectedOutputTokens: 1_500 },
		mid: { role: 'mid', tiers: ['mid', 'frontier', 'local'], deadlineMs: 300_000, expectedOutputTokens: 1_000 },
		inner: { role: 'inner', tiers: ['local', 'mid', 'frontier'], deadlineMs: 60_000, expectedOutputTokens: 300 },
	},
	aliases: {},
	usefulOutputTokens: 1_024,
	mayDowngradeSafetyClassifier: false,
	cacheLifeMs: 300_000,
	unknownFields: 'worst-case',
};

export interface Tree {
	readonly scope: LedgerScope;
	readonly key: Key;
	readonly conversation: Conversation;
	readonly toolNames: readonly string[];
	/** The model that its client names most of the time. */
	readonly model: string;
	/** A deployment that it insists on: then nobody stands in for it. */
	readonly forced: string | undefined;
	/** Calls that are still to come. */
	left: number;
}

const MODELS = ['frontier-1', 'stepped-1', 'mid-1', 'light-1', 'odd-1', 'unheard-of'] as const;

/** Bytes of a picture in base64; it may weigh less than its tokens. */
const PICTURE_BYTES = 300;

export function newTree(number: number, random: Random): Tree {
	const memberId = `m${random.nat(3)}`;
	const hasCeiling = !random.chance(0.05);
	const treeCeilingNanoUsd = random.pick([50_000_000, 300_000_000, 1_500_000_000]);
	const key: Key = {
		id: `k-${memberId}-${hasCeiling}`,
		memberId,
		memberName: memberId,
		isOwner: false,
		allowedTiers: random.chance(0.3) ? ['frontier', 'mid', 'local'] : ['frontier', 'mid'],
		mayForce: true,
		hasCeiling,
		treeCeilingNanoUsd,
		expiresAtMs: undefined,
	};
	const sessionId = random.chance(0.5) ? `s-${memberId}` : undefined;
	const scope = { keyId: key.id, memberId, treeKey: `t${number}`, sessionId, hasCeiling, treeCeilingNanoUsd };
	const toolNames = random.chance(0.3) ? [] : random.pick([['Read'], ['Read', 'Edit', 'Bash']]);
	const forced = random.chance(0.3) ? random.pick(['frontier', 'stepped', 'mid', 'odd']) : undefined;
	return {
		scope,
		key,
		conversation: new Conversation(number * 1_000),
		toolNames,
		model: random.pick(MODELS),
		forced,
		left: 1 + random.nat(8),
	};
}

/** Sometimes what costs more than bytes and cap. */
function sizeOf(tree: Tree, random: Random): CallSize {
	const bodyBytes = bytesOf(tree.conversation.segments);
	const pictures = random.chance(0.06) ? 1 + random.nat(3) : 0;
	const long = random.pick([true, false, undefined]);
	return {
		bodyBytes: bodyBytes + pictures * PICTURE_BYTES,
		inlineMediaCount: pictures,
		inlineMediaBytes: pictures * PICTURE_BYTES,
		remoteMediaCount: random.chance(0.02) ? 1 : 0,
		addedTokens: random.pick([0, 600, 2_100]),
		...(long === undefined ? {} : { hasLongCacheWrite: long }),
		...(random.chance(0.02) ? { hasHeldInput: true } : {}),
		...(random.chance(0.03) ? { choiceCount: 2 + random.nat(3) } : {}),
		...(random.chance(0.02) ? { serverToolUses: { 'web-search': 1 + random.nat(3) } } : {}),
		...(random.chance(0.03) ? { mayDropInput: true } : {}),
	};
}

/** The tree's next call; its conversation has grown. */
export function nextCall(tree: Tree, random: Random): Call {
	tree.conversation.turn(random);
	const outputCapTokens = random.pick([undefined, 1, 300, 2_000, 8_000, 32_000]);
	return {
		dialect: 'anthropic',
		operation: 'generate',
		model: random.chance(0.8) ? tree.model : random.pick(MODELS),
		isStream: random.chance(0.7),
		outputCapTokens,
		signals: {
			client: { name: 'unknown', version: undefined },
			sessionId: tree.scope.sessionId,
			agentId: undefined,
			parentAgentId: undefined,
			promptId: tree.scope.treeKey,
			requestClass: undefined,
			agentType: undefined,
			isSubagent: random.chance(0.3),
			purpose: undefined,
			toolNames: tree.toolNames,
			serverToolTypes: [],
			toolChoice: 'auto',
			answeredToolNames: [],
			messageCount: tree.conversation.segments.length,
			userTurnCount: 1,
			firstUserDigest: tree.scope.treeKey,
			prefixDigest: tree.scope.treeKey,
			hasStructuredOutput: false,
		},
		modalities: ['text'],
		size: sizeOf(tree, random),
		unboundedFields: [],
		...(random.chance(0.01) ? { unknownFields: ['a_field_of_tomorrow'] } : {}),
		spans: { model: [], outputCap: [], insertAt: 1, isEmpty: false },
	};
}
