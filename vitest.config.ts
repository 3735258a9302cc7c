/** The test projects: one a folder of test/, with the time and the company that its tests need. */

import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

interface ProjectPlan {
	readonly name: string;
	readonly folders: readonly string[];
	/** Groups run one after another; inside a group, files share the workers. */
	readonly group: number;
	readonly workers: number;
	readonly timeoutMs: number;
}

const PLANS: readonly ProjectPlan[] = [
	{ name: 'unit', folders: ['unit', 'dialect'], group: 0, workers: 2, timeoutMs: MINUTE_MS / 2 },
	{ name: 'http', folders: ['http'], group: 1, workers: 2, timeoutMs: MINUTE_MS },
	{ name: 'conformance', folders: ['conformance'], group: 1, workers: 2, timeoutMs: 2 * MINUTE_MS },
	{ name: 'store', folders: ['store'], group: 1, workers: 2, timeoutMs: 2 * MINUTE_MS },
	// Networks of its own, where most of the time is waited.
	{ name: 'discovery', folders: ['discovery'], group: 1, workers: 2, timeoutMs: 3 * MINUTE_MS },
	// Small programs that are started, stopped and killed.
	{ name: 'update', folders: ['update'], group: 1, workers: 2, timeoutMs: MINUTE_MS },
	{ name: 'gates', folders: ['gates'], group: 1, workers: 2, timeoutMs: 2 * MINUTE_MS },
	// One at a time: each of these has an engine, a client or a whole clone to itself.
	{ name: 'cli', folders: ['cli'], group: 2, workers: 1, timeoutMs: 5 * MINUTE_MS },
	{ name: 'model', folders: ['model'], group: 3, workers: 1, timeoutMs: 5 * MINUTE_MS },
	{ name: 'clients', folders: ['clients'], group: 4, workers: 1, timeoutMs: 10 * MINUTE_MS },
	// A browser and a box with its model.
	{ name: 'page', folders: ['page'], group: 4, workers: 1, timeoutMs: 2 * MINUTE_MS },
	// The codec's addon is built by the first of them, in half a minute, or found in the cache.
	{ name: 'codec', folders: ['paper', 'addon'], group: 1, workers: 2, timeoutMs: MINUTE_MS },
	// Whole machines: disks whose power is cut, and the box as a container.
	{ name: 'image', folders: ['image'], group: 4, workers: 1, timeoutMs: 10 * MINUTE_MS },
	// The real build of the engine: minutes on a new machine, seconds from its cache; last, since it takes all cores.
	{ name: 'native', folders: ['native'], group: 5, workers: 1, timeoutMs: 5 * MINUTE_MS },
];

const planned = PLANS.flatMap((plan) => plan.folders.map((folder) => `test/${folder}/**`));

export default defineConfig({
	test: {
		watch: false,
		bail: 0,
		pool: 'forks',
		projects: [
			...PLANS.map((plan) =>
				project(
					plan,
					plan.folders.map((folder) => `test/${folder}/**/*.test.ts`),
					[],
				),
			),
			// What stands in no planned folder still runs: a test that is never run would look green.
			project(
				{ name: 'other', folders: [], group: 6, workers: 1, timeoutMs: MINUTE_MS },
				['**/*.test.ts'],
				['**/node_modules/**', '.cache/**', ...planned],
			),
		],
	},
});

function project(plan: ProjectPlan, include: readonly string[], exclude: readonly string[]) {
	return {
		test: {
			name: plan.name,
			include: [...include],
			exclude: [...exclude],
			maxWorkers: plan.workers,
			testTimeout: plan.timeoutMs,
			hookTimeout: plan.timeoutMs,
			sequence: { groupOrder: plan.group },
		},
	};
}
