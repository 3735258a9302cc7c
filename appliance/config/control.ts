/** What the operator sets about the control group: none unless it is turned on. */

import { z } from 'zod';
import type { ControlSettings } from '../protocol/experiment.ts';

export const controlSchema = z
	.strictObject({
		percent: z
			.number()
			.min(0)
			.max(50)
			.default(0)
			.describe('Share of call trees that is not routed: their calls go to the model that they name. 5 to 10 is usual.'),
	})
	.describe('A control group: what routing saves is then measured against it, net of repair turns and waiting (docs/routing.md).');

export const toControl = ({ percent }: z.infer<typeof controlSchema>): ControlSettings => ({ share: percent / 100 });
