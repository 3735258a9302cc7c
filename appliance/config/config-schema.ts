/** The JSON Schema of the configuration file, for editors and for the search of known keys. */

import { z } from 'zod';
import { configSchema } from './schema.ts';

export interface JsonSchemaNode {
	readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
	readonly additionalProperties?: JsonSchemaNode | boolean;
	readonly items?: JsonSchemaNode;
	readonly anyOf?: readonly JsonSchemaNode[];
}

/** What a file may hold before defaults are filled in. Checked in as `innerloop.schema.json`. */
export function configJsonSchema(): Record<string, unknown> {
	const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' });
	return { $schema: schema.$schema, title: 'Innerloop configuration', ...schema };
}

function step(node: JsonSchemaNode, segment: string | number): JsonSchemaNode | undefined {
	const alternatives = node.anyOf ?? [node];
	for (const alternative of alternatives) {
		const { properties, additionalProperties, items } = alternative;
		const next = typeof segment === 'number' ? items : (properties?.[segment] ?? additionalProperties);
		if (typeof next === 'object') return next;
	}
	return undefined;
}

/** Keys that an object at this path may have; empty where names are free. */
export function knownKeys(path: readonly (string | number)[]): readonly string[] {
	let node: JsonSchemaNode | undefined = configJsonSchema();
	for (const segment of path) {
		node = node && step(node, segment);
	}
	const objects = node?.anyOf ?? (node ? [node] : []);
	return objects.flatMap((object) => Object.keys(object.properties ?? {}));
}
