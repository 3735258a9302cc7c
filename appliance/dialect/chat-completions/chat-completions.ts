/** The Chat Completions dialect behind its door. */

import type { Dialect } from '../../protocol/ports.ts';
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
import { splice } from './splice.ts';
import { createUsageFilter } from './usage-filter.ts';

export const chatCompletions: Dialect = {
	name: 'chat-completions',
	decodeCall: (request, digest) => decodeCall(request, digest),
	decodeConversation,
	splice,
	createReplyTap,
	createUsageFilter,
	createStreamEncoder,
	encodeReply: (reply, _call, wallMs) => encodeReply(reply, wallMs),
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
