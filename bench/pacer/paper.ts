/** What ParetoBandit's paper (arXiv 2604.00136, its tables and its repository's results) reports for the same scenarios. */

import type { Scenario } from './courses.ts';

interface Reported {
	readonly quality: string;
	readonly costOverTarget: string;
	readonly adopted?: string;
}

const row = (quality: string, costOverTarget: string, adopted?: string): Reported => ({
	quality,
	costOverTarget,
	...(adopted === undefined ? {} : { adopted }),
});

/**
 * In the order of the targets. Price drift is told by phase there (tight 1.01, 0.95, 1.04; moderate 0.99, 0.65, 1.00;
 * loose 0.96, 0.23, 0.95 of the target), quality loss likewise. The model that it adds is another one (Gemini 2.5 Flash),
 * whose rewards the package does not carry.
 */
export const PAPER: Readonly<Record<Scenario, readonly Reported[]>> = {
	stationary: [
		row('0.793', '0.98'),
		row('0.813', '1.00'),
		row('0.859', '1.00'),
		row('0.898', '0.98'),
		row('0.917', '0.91'),
		row('0.924', '0.89'),
		row('0.929', '0.74'),
	],
	'price drift': [row('–', '1.00'), row('–', '0.88'), row('–', '0.71')],
	'quality loss': [row('0.827', '1.00'), row('0.848', '0.98'), row('0.867', '0.96')],
	'model added': [row('0.866', '1.00', '142'), row('0.899', '0.98', '121'), row('0.918', '0.91', '121')],
};
