/** Calls of three sizes in the shape that a coding agent sends, and the answers to them. */

export type BodyName = 'small' | '41kB' | '1MB' | '41kB-stream' | '41kB-paced' | 'decode';

const MODEL = 'claude-sonnet-4-6';
const WORDS = 'the tool reads a file and returns its lines with numbers so that the agent can edit them in place '.split(' ');

/** Text of about so many bytes that neither repeats line by line nor depends on chance. */
function text(bytes: number): string {
	const words: string[] = [];
	for (let size = 0, at = 7; size < bytes; at = (at * 31 + 17) % 65_537) {
		const word = at % 11 === 0 ? `${at}\n` : (WORDS[at % WORDS.length] ?? '');
		words.push(word);
		size += word.length + 1;
	}
	return words.join(' ');
}

function tool(name: string) {
	const properties = { path: { type: 'string', description: text(60) }, limit: { type: 'integer', description: text(40) } };
	return { name, description: text(900), input_schema: { type: 'object', properties, required: ['path'] } };
}

function turn(index: number, resultBytes: number) {
	return [
		{ role: 'assistant', content: [{ type: 'tool_use', id: `toolu_${index}`, name: 'Read', input: { path: `src/file-${index}.ts` } }] },
		{ role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${index}`, content: text(resultBytes) }] },
	];
}

function agentCall(turns: number, resultBytes: number, extra: Readonly<Record<string, unknown>> = {}, mark = ''): string {
	return JSON.stringify({
		model: MODEL,
		messages: [
			{ role: 'user', content: [{ type: 'text', text: `Make the tests pass.${mark}` }] },
			...Array.from({ length: turns }, (_, index) => turn(index, resultBytes)).flat(),
		],
		system: [{ type: 'text', text: text(7_000), cache_control: { type: 'ephemeral' } }],
		tools: ['Read', 'Edit', 'Bash', 'Grep', 'Glob', 'Write', 'Agent', 'WebFetch'].map(tool),
		max_tokens: 1_024,
		...extra,
	});
}

export function makeBody(name: BodyName): Buffer {
	const ask = (prompt: string, extra: object) =>
		JSON.stringify({ model: MODEL, max_tokens: 1_024, messages: [{ role: 'user', content: prompt }], ...extra });
	const made: Record<BodyName, () => string> = {
		small: () => ask('Say hello.', {}),
		'41kB': () => agentCall(8, 2_750),
		'41kB-stream': () => agentCall(8, 2_750, { stream: true }),
		'41kB-paced': () => agentCall(8, 2_750, { stream: true }, ` ${PACED_MARK}`),
		'1MB': () => agentCall(40, 24_000),
		decode: () => ask('Write a very long story about a river.', { stream: true, max_tokens: 4_000 }),
	};
	return Buffer.from(made[name]());
}

/** In a call's body: the answer's events come one by one, as a model writes them. */
export const PACED_MARK = 'paced-answer';
