/** The SQLite store against the suite of its port. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../appliance/store/open-store.ts';
import { describeStore } from './conformance.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describeStore('SQLite store', () => {
	const directory = mkdtempSync(join(tmpdir(), 'innerloop-store-'));
	return {
		open: (budgets, clock) => openStore({ file: join(directory, 'innerloop.sqlite'), clock, budgets, log: quiet }),
		remove: () => rmSync(directory, { recursive: true }),
	};
});
