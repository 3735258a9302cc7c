/** Settings of where the box looks for newer releases of itself. */

import { z } from 'zod';

export const updateSchema = z.strictObject({
	source: z
		.string()
		.min(1)
		.optional()
		.describe('Where releases come from: an https address, or a folder on the box. Default: nowhere, so that nothing is asked.'),
});
