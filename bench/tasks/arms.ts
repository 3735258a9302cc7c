/** The ways that a task set is worked: where calls may go, and whether tool results are trimmed; each on a box of its own. */

import type { SavingsReport, SpendReport } from '../../appliance/protocol/admin.ts';
import type { DietSums } from '../../appliance/protocol/diet.ts';
import { type BoxOptions, startBox } from '../../test/support/start-box.ts';
import { askBox } from '../lib/ask-box.ts';
import { openRealScene, type Scene } from '../lib/scene.ts';
import type { Task } from './make-task.ts';
import { type Skill, solverOf } from './solver.ts';
import { type Worked, work } from './work.ts';

export interface Arm {
	readonly name: string;
	readonly isRouted: boolean;
	/** The box's own model takes part. */
	readonly hasEngine: boolean;
	readonly hasDiet: boolean;
}

export const ARMS: readonly Arm[] = [
	{ name: 'frontier', isRouted: false, hasEngine: false, hasDiet: false },
	{ name: 'routed', isRouted: true, hasEngine: false, hasDiet: false },
	{ name: 'routed-local', isRouted: true, hasEngine: true, hasDiet: false },
	{ name: 'frontier-diet', isRouted: false, hasEngine: false, hasDiet: true },
	{ name: 'routed-diet', isRouted: true, hasEngine: false, hasDiet: true },
];

export interface ArmResult {
	readonly arm: Arm;
	readonly worked: readonly (Worked & { readonly costNanoUsd: number })[];
	readonly diet: DietSums | undefined;
}

export interface ArmOptions {
	/** Of the middle class's stand-in; the frontier's is an oracle. */
	readonly midSkill: Skill;
	/** On the operator's own keys, without stand-ins. */
	readonly isReal: boolean;
	readonly model: string;
	readonly mostTurns: number;
}

export async function runArm(arm: Arm, tasks: readonly Task[], options: ArmOptions): Promise<ArmResult> {
	const scene = await open(arm, tasks, options);
	const spent = async () => {
		const { rows } = (await askBox(scene, 'spend')) as SpendReport;
		return rows.find(({ scope, period }) => scope === 'team' && period === 'day')?.settledNanoUsd ?? 0;
	};
	try {
		const worked: (Worked & { costNanoUsd: number })[] = [];
		for (const task of tasks) {
			const before = await spent();
			const one = await work(task, `${arm.name}-${task.name}`, { ...options, ...scene });
			worked.push({ ...one, costNanoUsd: (await spent()) - before });
		}
		const { diet } = (await askBox(scene, 'savings?days=1')) as SavingsReport;
		return { arm, worked, diet: diet.find(({ mode }) => mode === 'on') };
	} finally {
		await scene.stop();
	}
}

const FRONTIER_ONLY = { tiers: ['frontier' as const] };

function configOf({ isRouted, hasDiet }: Arm): NonNullable<BoxOptions['config']> {
	const diet = { mode: hasDiet ? ('on' as const) : ('off' as const) };
	if (!isRouted) return { diet, roles: { outer: FRONTIER_ONLY, mid: FRONTIER_ONLY, inner: FRONTIER_ONLY } };
	return { diet };
}

async function open(arm: Arm, tasks: readonly Task[], { isReal, midSkill }: ArmOptions): Promise<Scene> {
	const config = configOf(arm);
	if (isReal) {
		const { hasEngine } = arm;
		return await openRealScene({ ...config, local: { isEnabled: hasEngine } }, ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY'], hasEngine);
	}
	const script = solverOf(tasks, (model) => (model.includes('opus') ? 1 : midSkill));
	const box = await startBox({ script, hasEngine: arm.hasEngine, vendors: ['anthropic'], config });
	return { url: box.url, key: box.service.key, stop: () => box.stop() };
}
