import { expect, test } from 'vitest';
import { OwnBuildTaker } from '../../../appliance/provider/local/own-build-taker.ts';

interface Bed {
	readonly taker: OwnBuildTaker;
	readonly warnings: { readonly fields: object; readonly message: string }[];
	readonly switched: string[];
	isIdle: boolean;
}

function makeBed(obtain: () => Promise<string>): Bed {
	const warnings: { fields: object; message: string }[] = [];
	const switched: string[] = [];
	const state = { isIdle: true };
	const taker = new OwnBuildTaker({
		obtain,
		supervisor: {
			state: 'ready',
			switchBuild: async (build) => {
				if (build.kind === 'own') switched.push(build.folder);
			},
		},
		isIdle: () => state.isIdle,
		log: { info: () => undefined, warn: (fields, message) => warnings.push({ fields, message }), error: () => undefined },
	});
	return Object.assign(state, { taker, warnings, switched });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a build that cannot be made leaves the prebuilt engine, and the log says why', async () => {
	const reason = new Error('the patches of llama.cpp are for node-llama-cpp 3.22.1, and 3.23.0 is installed');
	const { taker, warnings, switched } = makeBed(() => Promise.reject(reason));
	taker.ask();
	await settled();
	expect(warnings).toEqual([{ fields: { err: reason }, message: 'the own build of the engine failed: the prebuilt one stays' }]);
	taker.takeWhenIdle();
	expect(switched).toEqual([]);
});

test('a finished build waits until nothing runs, and is taken once', async () => {
	const bed = makeBed(async () => 'folder');
	bed.isIdle = false;
	bed.taker.ask();
	await settled();
	expect(bed.switched).toEqual([]);
	bed.isIdle = true;
	bed.taker.takeWhenIdle();
	bed.taker.takeWhenIdle();
	expect(bed.switched).toEqual(['folder']);
});
