/** Conversations made of real files: questions with their answers, and an agent that looks through sources with its tools. */

export interface SourceFile {
	readonly path: string;
	readonly text: string;
}

/** Sections of Markdown as answers to questions about their headings, in the marks that Gemma's chat template writes. */
export function asConversation(files: readonly SourceFile[]): string {
	const sections = files.flatMap(({ text }) => text.split(/^(?=#{1,4} )/m));
	return sections
		.map((section) => {
			const [heading = '', ...lines] = section.split('\n');
			return { topic: heading.replace(/^#+\s*/, '').trim(), body: lines.join('\n').trim() };
		})
		.filter(({ topic, body }) => topic !== '' && body.length > 80)
		.map(({ topic, body }) => turn('user', `Tell me about this: ${topic}`) + turn('model', body))
		.join('');
}

function turn(role: string, text: string): string {
	return `<start_of_turn>${role}\n${text}<end_of_turn>\n`;
}

/** Lines of a file that one call reads. */
const PAGE = 12;
const FILES_AT_A_TIME = 3;

/**
 * Lists files, reads each page by page, and looks where what it defines is used. A line that begins with "CALL " is a call: which one
 * comes next follows from what stands before it.
 */
export function agentTranscript(files: readonly SourceFile[]): string {
	const groups = Array.from({ length: Math.ceil(files.length / FILES_AT_A_TIME) }, (_, group) =>
		files.slice(group * FILES_AT_A_TIME, (group + 1) * FILES_AT_A_TIME),
	);
	const task = 'Tools: list_files(), read_file(path, line), search(text). Read every file in turn, then search for each function found.\n';
	return task + groups.map(groupTurn).join('');
}

function groupTurn(files: readonly SourceFile[]): string {
	const list = callTurn('list_files', {}, files.map(({ path }) => path).join('\n'));
	return list + files.map((file) => fileTurns(file, files)).join('');
}

function fileTurns({ path, text }: SourceFile, files: readonly SourceFile[]): string {
	const lines = text.split('\n');
	const starts = [1, 1 + PAGE, 1 + 2 * PAGE, 1 + 3 * PAGE];
	const reads = starts.map((line) => callTurn('read_file', { path, line }, lines.slice(line - 1, line - 1 + PAGE).join('\n')));
	const found = [...text.matchAll(/^(?:static )?\w+ (?:\* ?)?(\w+)\(/gm)].slice(0, 3).map(([, name = '']) => name);
	const searches = found.map((name) => callTurn('search', { text: name }, hits(name, files)));
	return [...reads, `Functions of ${path}: ${found.join(', ')}\n`, ...searches].join('');
}

function hits(name: string, files: readonly SourceFile[]): string {
	const lines = files.flatMap(({ path, text }) =>
		text.split('\n').flatMap((line, index) => (line.includes(name) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
	);
	return lines.slice(0, 4).join('\n');
}

function callTurn(tool: string, args: Readonly<Record<string, string | number>>, result: string): string {
	return `CALL ${JSON.stringify({ tool, ...args })}\nRESULT\n${result}\n`;
}
