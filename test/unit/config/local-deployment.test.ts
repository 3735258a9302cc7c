import { describe, expect, it } from 'vitest';
import { localDeployment } from '../../../appliance/config/local-deployment.ts';
import { localSchema } from '../../../appliance/config/schema/local.ts';
import type { EngineStatus } from '../../../appliance/protocol/ports.ts';

const config = localSchema.parse({});
const status: EngineStatus = {
	state: 'ready',
	detail: undefined,
	model: 'smollm2-135m-instruct',
	contextTokens: 8192,
	slots: 2,
	busySlots: 0,
	queued: 0,
	rates: undefined,
	ratesByDepth: [],
	build: 'prebuilt',
	kvCache: undefined,
	kvCacheReason: undefined,
	rssBytes: undefined,
};

describe('localDeployment', () => {
	it('takes model and window from the engine, and costs nothing', () => {
		const deployment = localDeployment(config, status);
		expect(deployment).toMatchObject({
			id: 'local',
			provider: 'local',
			tier: 'local',
			model: 'smollm2-135m-instruct',
			contextTokens: 8192,
		});
		expect(deployment?.price).toMatchObject({ inputPicoUsd: 0, outputPicoUsd: 0 });
		expect(deployment?.allowedTools).toContain('Read');
		expect(deployment?.allowedTools).not.toContain('Bash');
	});

	it('is not there when switched off or without an engine', () => {
		expect(localDeployment({ ...config, isEnabled: false }, status)).toBeUndefined();
		expect(localDeployment(config, { ...status, state: 'absent' })).toBeUndefined();
	});
});
