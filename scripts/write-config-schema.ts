/** Writes the configuration's JSON Schema to the file that is checked in; format it afterwards. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from '../appliance/config/config-schema.ts';

const file = join(import.meta.dirname, '../appliance/config/innerloop.schema.json');
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
