/** Runs every pair of dialects through the box and puts what was found into the README. */

import { readFile, writeFile } from 'node:fs/promises';
import { withTable } from '../test/conformance/readme.ts';
import { asMarkdown, runTable } from '../test/conformance/table.ts';

const README = new URL('../README.md', import.meta.url);

const table = asMarkdown(await runTable());
await writeFile(README, withTable(await readFile(README, 'utf8'), table));
process.stdout.write(`${table}\n`);
