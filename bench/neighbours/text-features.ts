/** Figures of a prompt's text that need no model: how long, how dense, what kinds of words and marks. */

const COUNTED: readonly RegExp[] = [
	/\d+/g,
	/[=+*/^<>]/g,
	/```|\bdef \b|\bfunction\b|\bclass\b|[{};]/g,
	/\b(?:why|explain|prove|derive|reason|show that|step by step)\b/gi,
	/\b(?:who|when|where|which|what)\b/gi,
	/\b(?:must|only|exactly|at least|at most|without|ensure|should)\b/gi,
	/\b(?:if|then|unless|and|or|not|but)\b/gi,
	/\([A-J]\)|Option \d|Choices:/g,
	/\n/g,
];

/** Each on a logarithm, the last the constant 1. */
export function textFeatures(text: string): Float64Array {
	const words = text.split(/\s+/).filter((word) => word !== '');
	const letters = words.reduce((sum, { length }) => sum + length, 0) / Math.max(1, words.length);
	const counts = COUNTED.map((mark) => Math.log1p(text.match(mark)?.length ?? 0));
	return Float64Array.of(Math.log1p(text.length) / 4, letters / 5, ...counts, 1);
}

export const TEXT_FEATURES = COUNTED.length + 3;
