/** Everything that goes wrong outside the walk becomes a Problem, and a Problem an envelope in the dialect of the address. */

import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Dialect } from '../../protocol/ports.ts';
import { Problem, type ProblemCode } from '../../protocol/problem.ts';
import type { DialectName } from '../../protocol/words.ts';
import { dialectOfPath } from '../dialect-of-path.ts';

export type Dialects = Readonly<Record<DialectName, Dialect>>;

const FASTIFY_CODES: Readonly<Record<string, readonly [ProblemCode, string]>> = {
	FST_ERR_CTP_BODY_TOO_LARGE: ['call-too-large', 'The body is larger than server.limits.bodyBytes of this box allows.'],
	FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'Send the body with content-type: application/json.'],
	FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid-call', 'The body is not as long as content-length says.'],
	FST_ERR_CTP_EMPTY_TYPE: ['unsupported-media-type', 'Send the body with content-type: application/json.'],
	FST_ERR_BAD_URL: ['invalid-call', 'The address is not a valid URL path.'],
	FST_ERR_MAX_PARAM_LENGTH: ['invalid-call', 'The address is too long.'],
};

/** `onInternal` hears of what is our own fault: its detail belongs in the log, not at the caller. */
export function addProblems(app: FastifyInstance, dialects: Dialects, onInternal: (error: unknown, path: string) => void): void {
	app.setErrorHandler((error: FastifyError, request, reply) => {
		const problem = problemOf(error);
		if (problem.code === 'internal') onInternal(error, request.url);
		if (!isRead(request)) reply.header('connection', 'close');
		return sendProblem(reply, problem, dialects);
	});
	app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(app, request), dialects));
}

function problemOf(error: FastifyError): Problem {
	if (error instanceof Problem) return error;
	const known = FASTIFY_CODES[error.code];
	if (known !== undefined) return new Problem(known[0], known[1], { cause: error });
	if (error.statusCode !== undefined && error.statusCode < 500)
		return new Problem('invalid-call', 'The request could not be read.', { cause: error });
	return new Problem('internal', 'Something went wrong in the box; its log has the details.', { cause: error });
}

/** A body that was refused unread would have to be read to its end before the connection could serve again. */
const isRead = (request: FastifyRequest) => request.raw.complete || request.headers['content-length'] === undefined;

/** Sends the envelope that the address's clients understand. */
function sendProblem(reply: FastifyReply, problem: Problem, dialects: Dialects): FastifyReply {
	const { request } = reply;
	const wire = dialects[dialectOfPath(pathOf(request.url), request.headers)].encodeProblem(problem, '');
	return reply.code(wire.status).headers(wire.headers).send(wire.body);
}

const pathOf = (url: string): string => {
	const at = url.indexOf('?');
	return at < 0 ? url : url.slice(0, at);
};

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

function notFound(app: FastifyInstance, request: FastifyRequest): Problem {
	const path = pathOf(request.url);
	const methods = METHODS.filter((method) => app.hasRoute({ method, url: path }));
	const shown = path.slice(0, 200);
	if (GEMINI_CALL.test(path)) return new Problem('not-found', GEMINI_ADVICE);
	if (methods.length > 0) return new Problem('method-not-allowed', `${shown} takes ${methods.join(' or ')}, not ${request.method}.`);
	return new Problem('not-found', `There is nothing at ${request.method} ${shown}. The box serves ${SERVED}.`);
}

/** Gemini's own wire, as gemini-cli and Google's SDKs speak it. */
const GEMINI_CALL = /^\/v1(?:alpha|beta\d?|internal)?(?:\/models\/[^/]+)?:[a-zA-Z]+$/;
const GEMINI_ADVICE =
	'This is the Gemini API, which the box does not speak, so gemini-cli cannot work through it. Use an agent that speaks Messages, Chat Completions or Responses (`innerloop serve` prints the lines for each); Gemini’s models can answer it when the box’s configuration has Gemini’s OpenAI-compatible address as a provider.';

const SERVED = '/v1/messages, /v1/messages/count_tokens, /v1/chat/completions, /v1/responses, /v1/models and /innerloop/v1/…';

const CLIENT_ERRORS: Readonly<Record<string, readonly [number, string, string]>> = {
	HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The request head is larger than server.limits.headerBytes allows.'],
	ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
};

/** For what is not even HTTP: there is no address yet, so the envelope is one that the clients of both dialects can read. */
export function answerClientError(error: { readonly code?: string }, socket: Socket): void {
	if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
	const [status, phrase, message] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'Bad Request', 'This is not a valid HTTP request.'];
	const body = JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } });
	const head = `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
	socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
