/** The walk of one call. Who has read this file knows the program. */

import type { Box } from './box.ts';
import { decode } from './decode.ts';
import { execute } from './execute.ts';
import { planWalk } from './plan-walk.ts';
import { refuse } from './refuse.ts';
import { report } from './report.ts';
import { reserve } from './reserve.ts';
import { settle } from './settle.ts';
import { type Arrival, Walk } from './walk.ts';

/** Serves an authenticated call to its end; never rejects: whatever goes wrong is told to the caller, the ledger and the log. */
export async function runCall(box: Box, arrival: Arrival): Promise<void> {
	if (box.idle.hasWork) box.idle.giveWay();
	const walk = box.diet.isOn ? await box.diet.takeOn(arrival) : new Walk(arrival);
	try {
		const call = decode(walk); // the caller's bytes and what they say about themselves
		const asked = planWalk(box, walk, call); // role, eligible deployments, their order
		const plan = await reserve(box, walk, call, asked); // the most it can cost, before any token
		await execute(box, walk, call, plan); // local or cloud, streaming, the next candidate where one fails
	} catch (error) {
		refuse(box, walk, error); // in the caller's dialect
	} finally {
		settle(box, walk); // the real cost, or the bound where nobody said
		report(box, walk); // log, metrics, history
		if (box.earned.isOn) box.earned.finish(walk); // what the box itself would have said, once nobody calls
	}
}
