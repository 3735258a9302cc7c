/** Runs every way to announce the box in networks of its own and puts what was found into docs/discovery.md. */

import { readFile, writeFile } from 'node:fs/promises';
import { asMarkdown, runAdvertisers, withTable } from '../test/discovery/table.ts';
import { installDiscoveryTools } from '../test/support/discovery-tools.ts';

const PAGE = new URL('../docs/discovery.md', import.meta.url);

const table = asMarkdown(await runAdvertisers(await installDiscoveryTools()));
await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), table));
process.stdout.write(`${table}\n`);
