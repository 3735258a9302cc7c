/** The Messages dialect behind its door. */

import type { Dialect } from '../../protocol/ports.ts';
import { spliceBody } from '../splice.ts';
import { decodeCall } from './decode-call.ts';
import { decodeConversation } from './decode-conversation.ts';
import { decodeProblem } from './decode-problem.ts';
import { decodeReply } from './decode-reply.ts';
import { createStreamDecoder } from './decode-stream.ts';
import { encodeCall } from './encode-call.ts';
import { encodeProblem, encodeStreamProblem } from './encode-problem.ts';
import { encodeModels, encodeReply, encodeTokenCount } from './encode-reply.ts';
import { createStreamEncoder } from './encode-stream.ts';
import { fitBody } from './fit-body.ts';
import { createReplyTap } from './reply-tap.ts';

export const anthropic: Dialect = {
	name: 'anthropic',
	decodeCall: (request, digest) => decodeCall(request, digest),
	decodeConversation,
	splice: (body, call, changes) => spliceBody(body, call, changes, { outputCapKey: 'max_tokens' }),
	createReplyTap,
	createStreamEncoder,
	encodeReply,
	encodeProblem,
	encodeStreamProblem,
	encodeTokenCount,
	encodeCall,
	fitBody,
	createStreamDecoder,
	decodeReply,
	decodeProblem,
	encodeModels,
};
