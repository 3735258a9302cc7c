/** What a vendor's error says that another model could mend: the prompt is too long for it, or its content is refused. */

export type RefusalKind = 'context-window' | 'content-policy';

const STATUSES: ReadonlySet<number> = new Set([400, 403, 413, 422]);
/** Errors are short; what echoes a prompt says all that matters in its first bytes. */
const READ_BYTES = 4_096;

/**
 * Codes and sentences of the vendors' own: Anthropic ("prompt is too long: 210000 tokens > 200000 maximum", "input length
 * and `max_tokens` exceed context limit"), OpenAI and DeepSeek ("context_length_exceeded", "This model's maximum context
 * length is …"), Gemini ("The input token count (…) exceeds the maximum number of tokens allowed (…)").
 */
const WINDOW =
	/"(?:context_length_exceeded|model_max_prompt_tokens_exceeded)"|prompt is too long|exceed context limit|maximum context length|exceeds? the context window|input token count[^"]{0,40}exceeds the maximum|maximum prompt length|input is too long for (?:the )?requested model/i;

/**
 * OpenAI ("content_policy_violation", "invalid_prompt"), Azure ("content_filter", "ResponsibleAIPolicyViolation"), Gemini
 * ("PROHIBITED_CONTENT", "blocked due to safety"), Anthropic ("Output blocked by content filtering policy"), DeepSeek
 * ("Content Exists Risk"). A model's own refusal is an answer and comes with status 200.
 */
const CONTENT =
	/"(?:content_filter|content_policy_violation|invalid_prompt|ResponsibleAIPolicyViolation|PROHIBITED_CONTENT)"|content filtering policy|content management policy|blocked (?:due to|by) (?:our )?(?:safety|content)|flagged as potentially violating|Content Exists Risk/i;

/** @param body of an error reply, or the head of one */
export function refusalKind(status: number, body: Uint8Array): RefusalKind | undefined {
	if (!STATUSES.has(status)) return undefined;
	const text = new TextDecoder().decode(body.subarray(0, READ_BYTES));
	if (WINDOW.test(text)) return 'context-window';
	return CONTENT.test(text) ? 'content-policy' : undefined;
}

/** What a stream tells that opens with an error in the place of an answer, as both dialects write it; undefined for an answer. */
export function openingError(chunk: Uint8Array): RefusalKind | 'overloaded' | 'server-error' | undefined {
	if (chunk[0] !== E && chunk[0] !== D) return undefined;
	const head = new TextDecoder().decode(chunk.subarray(0, OPENING_BYTES));
	if (!/^(?:event: ?error\b|data: ?\{\s*"error")/.test(head)) return undefined;
	if (WINDOW.test(head)) return 'context-window';
	if (CONTENT.test(head)) return 'content-policy';
	return /overloaded|rate_limit/.test(head) ? 'overloaded' : 'server-error';
}

const OPENING_BYTES = 512;
const E = 'e'.charCodeAt(0);
const D = 'd'.charCodeAt(0);
