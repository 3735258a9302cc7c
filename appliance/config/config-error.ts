/** What is wrong with a configuration file, said so that the reader can repair it without a second look. */

export interface ConfigError {
	/** Where: `providers.openai.baseUrl`, `deployments[2].tier`; empty for the whole file. */
	readonly path: string;
	/** 1-based; undefined where the value is not in the file. */
	readonly line: number | undefined;
	readonly column: number | undefined;
	/** What stands there. Never a secret: text is shown only where it is a name of the vocabulary or of the file. */
	readonly found: string;
	/** What may stand there. */
	readonly expected: string;
	/** The known key or name that comes nearest. */
	readonly nearest: string | undefined;
}

export type PathSegment = string | number;

export function formatPath(segments: readonly PathSegment[]): string {
	return segments
		.map((segment, index) => {
			if (typeof segment === 'number') return `[${segment}]`;
			if (!/^[\w$-]+$/.test(segment)) return `[${JSON.stringify(segment)}]`;
			return index === 0 ? segment : `.${segment}`;
		})
		.join('');
}

/** One line for terminal and log: `12:5 server.prot: found an unknown key; expected host, port … (nearest: port)`. */
export function formatConfigError(error: ConfigError): string {
	const place = error.line === undefined ? '' : `${error.line}:${error.column} `;
	const hint = error.nearest === undefined ? '' : ` Did you mean ${JSON.stringify(error.nearest)}?`;
	return `${place}${error.path || '(file)'}: found ${error.found}; expected ${error.expected}.${hint}`;
}
