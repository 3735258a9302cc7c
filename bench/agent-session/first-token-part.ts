/** Part two: the time to the first token with a long prompt known and a little new, against the same prompt cold. */

import type { Figure } from '../lib/report.ts';
import { Ours } from './ours.ts';
import { openLlamaServer, openStock, type Peer, type Read } from './peers.ts';
import { plainText, Session } from './sessions.ts';
import { type Setting, teamPromptOf } from './setting.ts';

const SHAPE = { newTokens: 200, outputTokens: 1 };
/** What the issue of it names; shorter prompts say nothing of it, since what is new weighs more. */
const LONG_TOKENS = 15_000;
const REACH = 1 / 30;

export async function firstTokenFigures(setting: Setting): Promise<Figure[]> {
	const { modelPath, slots, threads, knownTokens, text, llamaServer } = setting;
	const options = { ...{ modelPath, slots, threads }, contextTokens: knownTokens + 2_048 };
	const teamPrompt = teamPromptOf(setting);
	const figures = await measureOurs(setting, { ...options, folder: setting.newFolder(), teamPrompt });
	const prompts = ['ada', 'bob'].map((name, index) => plainText(new Session(name, teamPrompt, text, index + 1).next(SHAPE)));
	figures.push(...(await measurePeer(await openStock(options), prompts)));
	if (llamaServer !== undefined) figures.push(...(await measurePeer(await openLlamaServer(llamaServer, options), prompts)));
	return figures;
}

async function measureOurs(setting: Setting, options: ConstructorParameters<typeof Ours>[0]): Promise<Figure[]> {
	let ours = new Ours(options);
	const session = (name: string, seed: number) => new Session(name, options.teamPrompt, setting.text, seed);
	const ask = async (one: Session): Promise<Read> => {
		await ours.untilQuiet();
		const measured = await ours.ask({ member: one.name, conversation: one.next(SHAPE), outputTokens: SHAPE.outputTokens });
		one.answer(measured.text);
		return measured;
	};
	const ada = session('ada', 1);
	const cold = await ask(ada);
	const known: [string, Read][] = [['same-session', await ask(ada)]];
	known.push(['second-developer', await ask(session('bob', 2))]);
	await ours.untilQuiet();
	await ours.close();
	ours = new Ours(options);
	known.push(['after-restart', await ask(session('cyd', 3))]);
	await ours.close();
	const target = setting.knownTokens >= LONG_TOKENS ? { target: { is: '<', value: REACH } as const } : {};
	return [
		...timesOf('innerloop/cold', cold),
		...known.flatMap(([name, read]) => [
			...timesOf(`innerloop/${name}`, read),
			{ name: `innerloop/${name}-by-cold`, value: read.ms / cold.ms, unit: '× time', ...target },
			{ name: `innerloop/${name}-by-cold-processor`, value: read.processorMs / cold.processorMs, unit: '× processor', ...target },
		]),
	];
}

async function measurePeer(peer: Peer, prompts: readonly string[]): Promise<Figure[]> {
	const [first = '', second = ''] = prompts;
	const cold = await peer.read('ada', first);
	const later = await peer.read('bob', second);
	await peer.close();
	return [
		...timesOf(`${peer.name}/cold`, cold),
		...timesOf(`${peer.name}/second-developer`, later),
		{ name: `${peer.name}/second-developer-by-cold`, value: later.ms / cold.ms, unit: '× time' },
	];
}

function timesOf(name: string, { ms, processorMs, computedTokens }: Read): Figure[] {
	return [
		{ name: `${name}/computed`, value: computedTokens, unit: 'tokens' },
		{ name: `${name}/first-token`, value: ms, unit: 'ms' },
		{ name: `${name}/processor`, value: processorMs, unit: 'ms' },
	];
}
