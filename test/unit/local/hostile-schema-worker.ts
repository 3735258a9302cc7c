/** Walks one hostile schema through all that the local engine does with a caller's schema; the parent stops it when it takes too long. */

import { parentPort, workerData } from 'node:worker_threads';
import type { JsonSchema, JsonValue } from '../../../appliance/protocol/conversation.ts';
import { plainSchema } from '../../../appliance/provider/local/prompt/plain-schema.ts';
import { answerGrammar } from '../../../appliance/provider/local/tools/argument-rules.ts';
import { faultOf } from '../../../appliance/provider/local/tools/call-validator.ts';

const { schema, input } = JSON.parse(workerData as string) as {
	readonly schema: JsonSchema;
	readonly input: Readonly<Record<string, JsonValue>>;
};
parentPort?.postMessage({
	grammar: answerGrammar(schema).length,
	plain: JSON.stringify(plainSchema(schema)).length,
	fault: faultOf({ name: 'x', input }, [{ name: 'x', description: '', inputSchema: schema }]),
});
