/** Part one: developers' sessions side by side on fewer slots, a second developer, and a restart. Counted in tokens. */

import type { Figure } from '../lib/report.ts';
import { type Measured, Ours } from './ours.ts';
import { openLlamaServer, openStock, type Peer, type Read } from './peers.ts';
import { conversationOf, plainText, Session, says } from './sessions.ts';
import { BLOCK_TOKENS, MARK_TOKENS, type Setting, teamPromptOf } from './setting.ts';

/** One more than there are slots, so that somebody's prompt is evicted at every turn. */
const DEVELOPERS = ['ada', 'bob', 'dan'];
const LATE = 'cyd';

type Step = { readonly developer: string; readonly prompt: string } | 'restart';

export async function sessionFigures(setting: Setting): Promise<Figure[]> {
	const { steps, figures } = await measureOurs(setting);
	for (const open of [openStock, ...serverOf(setting)]) figures.push(...(await measurePeer(setting, open, steps)));
	return figures;
}

function serverOf({ llamaServer }: Setting) {
	if (llamaServer === undefined) return [];
	return [(options: Parameters<typeof openStock>[0]) => openLlamaServer(llamaServer, options)];
}

const optionsOf = ({ modelPath, slots, threads, knownTokens, shapes }: Setting) => ({
	...{ modelPath, slots, threads },
	contextTokens: knownTokens + 1_024 + shapes.reduce((sum, { newTokens, outputTokens }) => sum + newTokens + outputTokens + 64, 0),
});

async function measureOurs(setting: Setting): Promise<{ readonly steps: readonly Step[]; readonly figures: Figure[] }> {
	const teamPrompt = teamPromptOf(setting);
	const options = { ...optionsOf(setting), folder: setting.newFolder(), teamPrompt };
	const steps: Step[] = [];
	const measured = new Map<string, Measured[]>();
	let ours = new Ours(options);
	await ours.untilQuiet();
	const headTokens = await ours.count(conversationOf([says('system', teamPrompt), says('user', '?')]));
	const ask = async (session: Session, call: number) => {
		const shape = setting.shapes[call] ?? { newTokens: 200, outputTokens: 24 };
		const conversation = session.next(shape);
		steps.push({ developer: session.name, prompt: plainText(conversation) });
		const answer = await ours.ask({ member: session.name, conversation, outputTokens: shape.outputTokens });
		measured.set(session.name, [...(measured.get(session.name) ?? []), answer]);
		session.answer(answer.text);
	};
	const sessions = DEVELOPERS.map((name, index) => new Session(name, teamPrompt, setting.text, index + 1));
	for (const call of setting.shapes.keys()) for (const session of sessions) await ask(session, call);
	await ours.untilQuiet();
	await ours.close();
	steps.push('restart');
	ours = new Ours(options);
	await ours.untilQuiet();
	await ask(new Session(LATE, teamPrompt, setting.text, 9), 0);
	await ours.close();
	return { steps, figures: figuresOf('innerloop', measured, headTokens, BLOCK_TOKENS + MARK_TOKENS) };
}

async function measurePeer(
	setting: Setting,
	open: (options: Parameters<typeof openStock>[0]) => Promise<Peer>,
	steps: readonly Step[],
): Promise<Figure[]> {
	let peer = await open(optionsOf(setting));
	const measured = new Map<string, Read[]>();
	for (const step of steps) {
		if (step === 'restart') {
			await peer.close();
			peer = await open(optionsOf(setting));
			continue;
		}
		const read = await peer.read(step.developer, step.prompt);
		measured.set(step.developer, [...(measured.get(step.developer) ?? []), read]);
	}
	const { promptTokens } = await peer.read('head', `system: ${teamPromptOf(setting)}\n`);
	await peer.close();
	return figuresOf(peer.name, measured, promptTokens, undefined);
}

/** @param most what may be computed beyond what is new; undefined: stated, not demanded */
function figuresOf(name: string, measured: ReadonlyMap<string, readonly Read[]>, headTokens: number, most: number | undefined): Figure[] {
	const target = most === undefined ? {} : { target: { is: '<', value: most + 1 } as const };
	const sessions = DEVELOPERS.map((developer) => measured.get(developer) ?? []);
	const beyond = sessions.flatMap((calls) =>
		calls.slice(1).map(({ promptTokens, computedTokens }, at) => computedTokens - (promptTokens - (calls[at]?.promptTokens ?? 0))),
	);
	const later = sessions[1]?.[0];
	const restarted = measured.get(LATE)?.[0];
	const first = sessions[0]?.[0];
	if (later === undefined || restarted === undefined || first === undefined) throw new Error('no call was measured');
	const ownOf = ({ promptTokens }: Read) => promptTokens - headTokens;
	return [
		{ name: `${name}/first-developer-computed`, value: first.computedTokens, unit: 'tokens' },
		{ name: `${name}/same-session-beyond-new-most`, value: Math.max(...beyond), unit: 'tokens', ...target },
		{ name: `${name}/same-session-beyond-new-mean`, value: beyond.reduce((sum, one) => sum + one, 0) / beyond.length, unit: 'tokens' },
		{ name: `${name}/second-developer-beyond-new`, value: later.computedTokens - ownOf(later), unit: 'tokens', ...target },
		{ name: `${name}/after-restart-beyond-new`, value: restarted.computedTokens - ownOf(restarted), unit: 'tokens', ...target },
		{
			name: `${name}/computed-in-all`,
			value: [...measured.values()].flat().reduce((sum, one) => sum + one.computedTokens, 0),
			unit: 'tokens',
		},
	];
}
