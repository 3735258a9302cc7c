/** The box's own deployment: made from configuration and what the engine has loaded at this moment. */

import type { Deployment } from '../protocol/deployment.ts';
import type { EngineStatus } from '../protocol/ports.ts';
import { DIALECTS } from '../protocol/words.ts';
import { FREE } from './price.ts';
import type { LocalConfig } from './schema.ts';

/** Undefined when the box does not answer calls itself. While the engine starts, its window is the one it was told to have. */
export function localDeployment(config: LocalConfig, status: EngineStatus): Deployment | undefined {
	if (!config.isEnabled || status.state === 'absent') return undefined;
	const contextTokens = status.contextTokens || config.contextTokens || 0;
	return {
		id: 'local',
		provider: 'local',
		model: status.model ?? config.model ?? 'local',
		tier: 'local',
		dialects: DIALECTS,
		order: 0,
		contextTokens,
		maxOutputTokens: contextTokens,
		modalities: ['text'],
		price: FREE,
		allowedTools: config.allowedTools,
		maxTokensPerMedia: 0,
	};
}
