/** `innerloop doctor`: looks at everything the box stands on and says what is wrong with it, and what to do. */

import { type Command, defineCommand, EXIT } from './command.ts';
import { checkDatabase, checkDiscovery, checkEngine, checkModel, checkPort, checkService } from './doctor-box.ts';
import type { Finding, Places } from './doctor-finding.ts';
import { checkClock, checkConfig, checkDisk, checkKeys, checkMemory, checkNode } from './doctor-machine.ts';
import { CONFIG_OPTION, configFileOf, DATA_OPTION, dataDirOf } from './places.ts';

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;
const PAINTS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

const doctor = defineCommand({
	name: 'doctor',
	summary: 'Check the machine, the configuration, the model, the database and the service.',
	options: {
		quick: { type: 'boolean', help: 'Do not hash the model file.' },
		...CONFIG_OPTION,
		...DATA_OPTION,
	},
	details: 'Exit code 1 when a check fails; warnings alone leave it 0.',
	async run({ values }, context) {
		const { terminal } = context;
		const places: Places = {
			context,
			configFile: configFileOf(values, context),
			isConfigNamed: values.config !== undefined,
			dataDir: dataDirOf(values, context),
		};
		const { finding: config, settings } = checkConfig(places);
		const findings: Finding[] = [
			checkNode(),
			config,
			...checkKeys(settings),
			await checkModel(places, settings, values.quick === true),
			checkEngine(),
			...(await checkDisk(places)),
			checkMemory(),
			checkClock(),
			checkDatabase(places),
			await checkService(places),
			await checkDiscovery(places),
			await checkPort(places, settings),
		];
		const isHealthy = findings.every(({ state }) => state !== 'fail');
		if (values.json) terminal.json({ isHealthy, findings });
		else
			for (const { state, what, detail } of findings)
				terminal.print(`${terminal.paint(PAINTS[state], MARKS[state])}  ${what}: ${detail.replaceAll('\n', '\n      ')}`);
		return isHealthy ? EXIT.ok : EXIT.failed;
	},
});

export const doctorCommands: readonly Command[] = [doctor];
