/** What a tool's name says about what it does. Only names that clients offer are read, never results. */

const WRITES =
	/^(?:edit|multiedit|multi_edit|write|notebookedit|apply_patch|patch|create|delete|str_replace|insert|move|rename|replace)(?:[_-].*)?$/;
const WRITES_BY_VERB = /(?:^|[_-])(?:edit|write|create|delete|remove|update|replace|patch)(?:[_-]|$)/;
const RUNS = /^(?:bash|shell|exec|execute|run|terminal|command|powershell|computer|agent|task|local_shell|python)(?:[_-].*)?$/;
const READS = /^(?:read|grep|glob|ls|list|search|find|view|open|webfetch|websearch|fetch)(?:[_-].*)?$/;

/** Changes files. */
export function isWriteTool(name: string): boolean {
	const lower = name.toLowerCase();
	return WRITES.test(lower) || WRITES_BY_VERB.test(lower);
}

/** Changes files, runs something, or sets another agent to work. */
export function isActingTool(name: string): boolean {
	return isWriteTool(name) || RUNS.test(name.toLowerCase());
}

export function isReadTool(name: string): boolean {
	return READS.test(name.toLowerCase()) && !isWriteTool(name);
}
