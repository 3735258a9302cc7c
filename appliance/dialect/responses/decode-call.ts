/** Responses: reads a caller's bytes into a `Call`. */

import type { Call, CallSpans } from '../../protocol/call.ts';
import type { CallerRequest } from '../../protocol/ports.ts';
import { Problem } from '../../protocol/problem.ts';
import { type Body, type BodyOptions, readBody } from '../body.ts';
import { CallFacts } from '../call-facts.ts';
import { checkFields, listNames } from '../cost-fields.ts';
import { FieldMemory } from '../field-memory.ts';
import { attempt, type Fields, readBoolean, readObjects, readString, refuse } from '../fields.ts';
import { readOutputCap, readSpans } from '../output-cap.ts';
import { readCacheLife, readTools, topLevelName, walkItem } from './content-facts.ts';
import { COST_FIELDS } from './cost-fields.ts';
import { readSignals, schemaOf } from './signals.ts';
import { toolShapes } from './tool-shapes.ts';
import { heldByVendor } from './vendor-held.ts';

type Digest = (text: string) => string;

const known = new FieldMemory();

/** Gives a history back as a shorter one that its vendor alone can read; takes no output cap. */
const COMPACT_PATH = '/v1/responses/compact';

const OPERATIONS: ReadonlyMap<string, Call['operation']> = new Map([
	['/v1/responses', 'generate'],
	['/v1/responses/input_tokens', 'count-tokens'],
	[COMPACT_PATH, 'generate'],
]);

/** Tokens of the prompt that the vendor adds for structured output (not published; a generous guess, used as a bound). */
const FORMAT_PROMPT_TOKENS = 1_000;

export function decodeCall(request: CallerRequest, digest: Digest, options?: BodyOptions): Call | Problem {
	const operation = OPERATIONS.get(request.path);
	if (operation === undefined) return new Problem('not-found', `There is no ${request.path} here; Responses are sent to /v1/responses.`);
	const body = readBody(request.body, { memory: known, ...options, listKey: 'input' }, request.isUtf8);
	if (body instanceof Problem) return body;
	return attempt(() => readCall(request, operation, body, digest));
}

function readCall(request: CallerRequest, operation: Call['operation'], body: Body, digest: Digest): Call {
	const { fields } = body;
	const spans = readSpans(body, ['max_output_tokens']);
	const facts = new CallFacts();
	const items = readItems(facts, fields);
	readTools(facts, fields.tools);
	readCacheLife(facts, fields);
	if (schemaOf(fields.text) !== undefined) facts.addVendorTokens(FORMAT_PROMPT_TOKENS);
	const outputCapTokens = readOutputCap(body, spans, 1);
	const shapes = toolShapes(fields.tools, items);
	const isCompaction = request.path === COMPACT_PATH;
	const held = [...heldByVendor(fields, items), ...(isCompaction ? ['compaction of its own'] : [])];
	const signals = readSignals({ request, body, facts, items, outputCapTokens, digest });
	const optional = optionalTools(facts, fields.tool_choice);
	for (const type of optional) facts.unbounded.delete(topLevelName(type));
	const faults = checkFields(body.scan, fields, COST_FIELDS, facts);
	return {
		dialect: 'responses',
		operation,
		model: readString(fields, 'model'),
		isStream: readBoolean(fields, 'stream'),
		outputCapTokens,
		...(shapes === undefined ? {} : { toolShapes: shapes }),
		...(isCompaction ? { isCapFixed: true as const } : {}),
		...(held.length === 0 ? {} : { vendorHeld: held }),
		...(optional.length === 0 ? {} : { withholdableTools: optional }),
		signals: isCompaction ? { ...signals, purpose: 'compaction' } : signals,
		modalities: facts.modalities(),
		size: facts.size(body.bytes.length),
		...(facts.hasForeign ? { hasForeign: true } : {}),
		unboundedFields: listNames(faults.unbounded, facts.unbounded),
		...(faults.unknown.size === 0 ? {} : { unknownFields: listNames(faults.unknown) }),
		spans: optional.length === 0 ? spans : { ...spans, ...toolsSpan(body) },
	};
}

/** Types of the vendor's own tools that are only offered, beside tools that the client executes. */
function optionalTools({ toolNames, serverToolTypes, unbounded }: CallFacts, choice: unknown): readonly string[] {
	const isPlainChoice = choice === undefined || choice === null || typeof choice === 'string';
	if (toolNames.length === 0 || !isPlainChoice) return [];
	return [...new Set(serverToolTypes)].filter((type) => unbounded.has(topLevelName(type)));
}

function toolsSpan({ scan }: Body): Pick<CallSpans, 'tools'> {
	const field = scan.fields.findLast(({ key }) => key === 'tools');
	return field === undefined ? {} : { tools: { start: field.start, end: field.end } };
}

/** The input items; none where the input is one text. */
function readItems(facts: CallFacts, { input, prompt, previous_response_id: previous, conversation }: Fields): readonly Fields[] {
	if (typeof input === 'string') return [];
	const isHeldElsewhere = [prompt, previous, conversation].some((value) => value !== undefined && value !== null);
	if ((input === undefined || input === null) && isHeldElsewhere) return [];
	if (!Array.isArray(input)) refuse('input', input, 'a string or an array of items');
	const items = readObjects(input, 'input');
	for (const [index, item] of items.entries()) walkItem(facts, item, () => `input[${index}]`);
	return items;
}
