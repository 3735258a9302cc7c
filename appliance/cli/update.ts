/** `innerloop update status | check | apply | rollback | run`: the releases of a box that was made from the image. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config/load-config.ts';
import { readDatabaseVersion } from '../store/database-version.ts';
import { HEALTH_GATE, systemdService } from '../update/service-control.ts';
import { apply, check, RELEASES_ROOT, readState, rollback, type UpdateBox } from '../update/update.ts';
import { UpdateFailure } from '../update/update-failure.ts';
import { takeRequest } from '../update/update-request.ts';
import { type Command, type Context, defineCommand, EXIT } from './command.ts';
import { CONFIG_OPTION, configFileOf, DATA_OPTION, dataDirOf } from './places.ts';
import { progressLines } from './progress-lines.ts';
import { table } from './terminal.ts';

const FROM_OPTION = {
	from: { type: 'string', value: 'PLACE', help: 'Folder or https address to take releases from, in the place of update.source.' },
} as const;

interface Values {
	readonly from?: string | undefined;
	readonly config?: string | undefined;
	readonly data?: string | undefined;
	readonly json?: boolean | undefined;
}

const status = defineCommand({
	name: 'update status',
	summary: 'Say which release runs, which lies beside it, what is offered and how the last change ended.',
	options: { ...DATA_OPTION, ...CONFIG_OPTION },
	async run({ values }, context) {
		const state = await readState(boxOf(values, context));
		if (values.json) context.terminal.json(state);
		else {
			const rows = [
				['running', state.running ?? '?'],
				['in the other slot', state.other ?? 'nothing'],
				['offered', state.offered ?? 'not asked yet: innerloop update check'],
				['last change', state.last === undefined ? 'none' : JSON.stringify(state.last)],
			];
			context.terminal.print(table(['RELEASE', ''], rows));
		}
		return EXIT.ok;
	},
});

const checkSource = defineCommand({
	name: 'update check',
	summary: 'Ask for a newer release; nothing is installed.',
	options: {
		...FROM_OPTION,
		...DATA_OPTION,
		...CONFIG_OPTION,
		quiet: { type: 'boolean', help: 'Say nothing where no source is configured.' },
	},
	async run({ values }, context) {
		const box = boxOf(values, context);
		if (values.quiet && box.source === undefined) return EXIT.ok;
		const { manifest, isNewer } = await check(box);
		if (values.json) context.terminal.json({ version: manifest.version, isNewer, releasedAt: manifest.releasedAt });
		else if (isNewer)
			context.terminal.print(`${manifest.version} is offered, released ${manifest.releasedAt}. innerloop update apply installs it.`);
		else context.terminal.print(`Nothing newer: ${manifest.version} is the latest.`);
		return EXIT.ok;
	},
});

const applyUpdate = defineCommand({
	name: 'update apply',
	summary: 'Install the release that is offered, and go back by itself when it does not become healthy.',
	options: {
		...FROM_OPTION,
		...DATA_OPTION,
		...CONFIG_OPTION,
		'allow-downgrade': { type: 'boolean', help: 'Take an older release than the one that runs.' },
	},
	details: 'As root. The service stops for some seconds; calls that run are given their time to end first.',
	async run({ values }, context) {
		mustBeRoot();
		const { version } = await apply(boxOf(values, context), values['allow-downgrade'] ?? false);
		return said(values, context, version, `${version} runs.`);
	},
});

const goBack = defineCommand({
	name: 'update rollback',
	summary: 'Go back to the release in the other slot.',
	options: {
		...DATA_OPTION,
		...CONFIG_OPTION,
		restore: { type: 'boolean', help: 'Put the database back as it was before the update; what was recorded since is lost.' },
	},
	async run({ values }, context) {
		mustBeRoot();
		const version = await rollback(boxOf(values, context), values.restore ?? false);
		return said(values, context, version, `${version} runs again.`);
	},
});

const runRequest = defineCommand({
	name: 'update run',
	summary: 'Carry out what was asked for on the page; called by innerloop-update.service.',
	options: { ...DATA_OPTION, ...CONFIG_OPTION },
	async run({ values }, context) {
		mustBeRoot();
		const { action, mayRestore } = await takeRequest(dataDirOf(values, context));
		const box = boxOf(values, context);
		if (action === 'check') {
			const { manifest } = await check(box);
			return said(values, context, manifest.version, `${manifest.version} is offered.`);
		}
		const version = action === 'apply' ? (await apply(box, false)).version : await rollback(box, mayRestore);
		return said(values, context, version, `${version} runs.`);
	},
});

export const updateCommands: readonly Command[] = [status, checkSource, applyUpdate, goBack, runRequest];

function said(values: Values, { terminal }: Context, version: string, text: string): number {
	if (values.json) terminal.json({ version });
	else terminal.print(text);
	return EXIT.ok;
}

function mustBeRoot(): void {
	if (process.getuid?.() !== 0)
		throw new UpdateFailure('Only root may change the installed release: sudo innerloop update …, or the page under Box.');
}

function boxOf(values: Values, context: Context): UpdateBox {
	const { env, terminal } = context;
	const dataDir = dataDirOf(values, context);
	const configFile = configFileOf(values, context);
	const lines = progressLines(terminal);
	return {
		root: env.INNERLOOP_ROOT ?? RELEASES_ROOT,
		dataDir,
		source: values.from ?? sourceIn(configFile, context),
		arch: process.arch,
		databaseVersion: () => databaseVersion(join(dataDir, 'innerloop.db')),
		service: systemdService(dataDir),
		gate: HEALTH_GATE,
		nowMs: () => performance.now(),
		onStep: (step) => terminal.note(`${step} …`),
		onProgress: lines.onProgress,
	};
}

function sourceIn(configFile: string, { env }: Context): string | undefined {
	const result = loadConfig(existsSync(configFile) ? readFileSync(configFile) : undefined, env);
	return result.ok ? result.settings.update.source : undefined;
}

/** A box that has recorded nothing yet has the newest schema as soon as it starts. */
function databaseVersion(file: string): number {
	if (!existsSync(file)) return 0;
	return readDatabaseVersion(file).version;
}
