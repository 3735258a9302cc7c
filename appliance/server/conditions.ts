/** From what the rooms say of themselves to what a person should know: a pure list, the worst first. */

import type { Condition } from '../protocol/condition.ts';
import type { Admission, MachineSample } from '../protocol/machine.ts';
import type { EngineStatus, StoreStats } from '../protocol/ports.ts';

export interface BoxFacts {
	readonly store: StoreStats;
	readonly engine: EngineStatus;
	readonly admission: Admission;
	readonly machine: MachineSample | undefined;
	/** Cloud deployments that can be used at all, and those of them that rest after failures. */
	readonly configured: readonly string[];
	readonly resting: readonly string[];
}

const LOW_DISK_BYTES = 512 * 1024 ** 2;

export function conditionsOf(facts: BoxFacts): readonly Condition[] {
	const all = [...storeConditions(facts), ...cloudConditions(facts), ...engineConditions(facts), ...machineConditions(facts)];
	return [...all.filter(({ severity }) => severity === 'error'), ...all.filter(({ severity }) => severity === 'warning')];
}

const error = (code: Condition['code'], text: string, advice: string): Condition => ({ code, severity: 'error', text, advice });
const warning = (code: Condition['code'], text: string, advice: string): Condition => ({ code, severity: 'warning', text, advice });

function storeConditions({ store, machine }: BoxFacts): Condition[] {
	const found: Condition[] = [];
	const { failure, clockFault, droppedCalls } = store;
	if (failure !== undefined) found.push(storeFailure(failure));
	if (clockFault !== undefined)
		found.push(
			error('clock-wrong', `Cloud calls wait: ${clockFault}`, 'Let a time server be reached, or set the clock; local answers go on.'),
		);
	if (droppedCalls > 0)
		found.push(
			warning(
				'calls-dropped',
				`${droppedCalls} calls left no record since the start.`,
				'The disk could not follow; money was counted all the same.',
			),
		);
	const disk = machine?.disk;
	if (failure === undefined && disk !== undefined && disk.freeBytes < LOW_DISK_BYTES)
		found.push(
			warning(
				'disk-low',
				`The disk has ${Math.round(disk.freeBytes / 1024 ** 2)} MB left.`,
				'Make room, or lower retention.calls and retention.bills.',
			),
		);
	return found;
}

function storeFailure(failure: string): Condition {
	const waits = 'Cloud calls wait, what was spent is kept in memory and written as soon as the disk takes it.';
	if (/\bfull\b|ENOSPC/i.test(failure))
		return error('disk-full', `The disk is full. ${waits}`, 'Make room on the disk: the box tries again every second.');
	if (/locked|busy/i.test(failure))
		return error('database-locked', `Another program holds the database. ${waits}`, 'End the program that has innerloop.db open.');
	return error('ledger-failing', `The disk refuses the ledger: ${failure} ${waits}`, 'Look at the card or disk; the log has the details.');
}

function cloudConditions({ configured, resting }: BoxFacts): Condition[] {
	if (configured.length === 0)
		return [warning('no-provider', 'No cloud provider has a key: only the local model answers.', 'Add a provider key under Tiers.')];
	const down = configured.filter((id) => resting.includes(id));
	if (down.length === 0) return [];
	const names = down.join(', ');
	if (down.length < configured.length)
		return [warning('provider-down', `${names} failed lately and rests; calls go to the others.`, 'It is tried again by itself.')];
	return [
		error(
			'provider-down',
			`No cloud deployment answers: ${names}.`,
			'Look at the network and at the providers’ status; they are tried again by themselves.',
		),
	];
}

function engineConditions({ engine, admission }: BoxFacts): Condition[] {
	if (engine.state === 'failed')
		return [
			error(
				'engine-failed',
				`The local model does not run: ${engine.detail ?? 'no detail'}`,
				'The log has its last words; it is started again by itself.',
			),
		];
	if (admission.state === 'aside')
		return [
			warning(
				'local-aside',
				`The local model takes no calls. ${admission.reason}`,
				'Calls go to the cloud until the machine has recovered.',
			),
		];
	if (admission.state === 'slow')
		return [
			warning('local-slow', `The local model takes one call at a time. ${admission.reason}`, 'It goes back to all its slots by itself.'),
		];
	return [];
}

function machineConditions({ machine }: BoxFacts): Condition[] {
	const flags = machine?.flags;
	const found: Condition[] = [];
	if (flags?.isUnderVoltage === true)
		found.push(warning('under-voltage', 'The board gets too little voltage.', 'Use the 27 W supply and a short cable.'));
	else if (flags?.wasUnderVoltage === true)
		found.push(
			warning('under-voltage', 'The board got too little voltage at times since it started.', 'Use the 27 W supply and a short cable.'),
		);
	if (flags?.isThrottled === true)
		found.push(warning('throttled', 'The processor is throttled.', 'Give it air: an active cooler keeps a Pi 5 below 65 °C.'));
	else if (flags?.isSoftTemperatureLimited === true)
		found.push(
			warning('hot', 'The processor is at its soft temperature limit.', 'Give it air: an active cooler keeps a Pi 5 below 65 °C.'),
		);
	return found;
}
