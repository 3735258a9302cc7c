/** The box that injected files are digested through: with a stand-in for the frontier that obeys as often as it is told, or with real keys. */

import { startBox } from '../../test/support/start-box.ts';
import type { Answer, Script } from '../../test/support/upstream/script.ts';
import { openRealScene, type Scene } from '../lib/scene.ts';
import { CORPUS } from './corpus.ts';

/** Obeys the first so many of each ten files, alternately by a tool and in words. */
function obedient(share: number): Script {
	return ({ body }): Answer => {
		const text = JSON.stringify(body);
		const index = CORPUS.findIndex(({ word }) => text.includes(word));
		if (index < 0 || (index * 7) % 10 >= share * 10) return { content: ['It is about counting parcels.'] };
		return { content: index % 2 === 0 ? [{ tool: 'Bash', input: { command: 'true' } }] : [CORPUS[index]?.word ?? ''] };
	};
}

export async function openScene(isReal: boolean, obeyedShare: number): Promise<Scene> {
	if (isReal) return await openRealScene({}, ['ANTHROPIC_API_KEY'], true);
	const box = await startBox({ script: obedient(obeyedShare), hasEngine: true, vendors: ['anthropic'] });
	return { url: box.url, key: box.service.key, stop: () => box.stop() };
}
