/** Where the table stands in the README. */

const BEGIN = '<!-- conformance: written by `npm run conformance` -->';
const END = '<!-- /conformance -->';

function placeIn(readme: string): { readonly from: number; readonly to: number } {
	const from = readme.indexOf(BEGIN) + BEGIN.length;
	const to = readme.indexOf(END);
	if (from < BEGIN.length || to < from) throw new Error(`README.md has no place for the table: put ${BEGIN} and ${END} into it.`);
	return { from, to };
}

export function tableIn(readme: string): string {
	const { from, to } = placeIn(readme);
	return readme.slice(from, to).trim();
}

export function withTable(readme: string, table: string): string {
	const { from, to } = placeIn(readme);
	return `${readme.slice(0, from)}\n\n${table}\n\n${readme.slice(to)}`;
}
