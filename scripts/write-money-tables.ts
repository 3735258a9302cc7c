/** Writes the tables of docs/money.md anew from the code. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARKS, moneyTables } from './money-tables.ts';

const file = join(import.meta.dirname, '../docs/money.md');
const [before = '', rest = ''] = readFileSync(file, 'utf8').split(MARKS.begin);
const [, after = '\n'] = rest.split(MARKS.end);
writeFileSync(file, `${before}${MARKS.begin}\n\n${moneyTables()}\n\n${MARKS.end}${after}`);
