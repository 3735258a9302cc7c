/** `innerloop serve`: starts the service and says where it is, its first key, and the lines that clients need. */

import { clientLines, formatClientLines } from '../protocol/client-lines.ts';
import { type RunningService, serve } from '../server/serve.ts';
import { untilStopped } from '../server/until-stopped.ts';
import { ServiceManager } from '../system/service-manager.ts';
import { type Command, defineCommand, UsageError } from './command.ts';
import { startEngine } from './local-engine.ts';
import { CONFIG_OPTION, configFileOf, DATA_OPTION, dataDirOf } from './places.ts';

/** Stands in the lines where the secret was shown at an earlier start. */
const FORGOTTEN_KEY = 'YOUR_KEY';

const HEALTH_TIMEOUT_MS = 5_000;

const start = defineCommand({
	name: 'serve',
	summary: 'Start the service.',
	options: {
		...CONFIG_OPTION,
		...DATA_OPTION,
		host: { type: 'string', value: 'ADDRESS', help: 'Listen here instead of where the configuration says; 0.0.0.0 for the network.' },
		port: { type: 'string', value: 'N', help: 'Listen on this port instead; 0 takes any free one. Default: 7341.' },
	},
	details:
		'Secrets come from the environment: ANTHROPIC_API_KEY, OPENAI_API_KEY, or what the configuration names.\nSIGTERM or Ctrl-C stops it gracefully, a second one at once.',
	async run({ values }, context) {
		const { terminal, env, home, version } = context;
		const dataDir = dataDirOf(values, context);
		const service = await serve({
			env,
			configFile: configFileOf(values, context),
			isConfigNamed: values.config !== undefined || Boolean(env.INNERLOOP_CONFIG),
			dataDir,
			version,
			startEngine: (settings, log) => startEngine(settings, log, { env, home, dataDir }),
			...(values.host !== undefined && { host: values.host }),
			...(values.port !== undefined && { port: parsePort(values.port) }),
		});
		if (values.json)
			terminal.json({
				address: service.address,
				secureAddress: service.secureAddress,
				firstKey: service.firstKey,
				claimCode: service.claim?.code,
				pid: process.pid,
				warnings: service.warnings,
			});
		else terminal.print(welcome(service));
		const manager = new ServiceManager({ env, isHealthy: () => answers(service.address), status: () => statusOf(service) });
		manager.ready();
		const stop = () => {
			manager.stopping();
			return service.stop();
		};
		return await untilStopped({ ...service, stop });
	},
});

export const serveCommands: readonly Command[] = [start];

/** A request such as a caller makes: a loop that is stuck, or a socket that no longer listens, does not answer it. */
async function answers(address: string): Promise<boolean> {
	const { ok } = await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
	return ok;
}

function statusOf(service: RunningService): string {
	return `${service.address}, local model ${service.engine().state}, ${service.runningCalls()} calls running`;
}

function parsePort(text: string): number {
	const port = Number(text);
	if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port takes a number from 0 to 65535, not ${JSON.stringify(text)}.`);
	return port;
}

/** What a person needs after the start. The key is here once and never again. */
export function welcome({
	address,
	secureAddress,
	firstKey,
	claim,
	warnings,
}: Pick<RunningService, 'address' | 'secureAddress' | 'firstKey' | 'claim' | 'warnings'>): string {
	const key = firstKey ?? FORGOTTEN_KEY;
	return [
		`Innerloop listens at ${address}${secureAddress === undefined ? '' : ` and ${secureAddress}`}`,
		...warnings.map((warning) => `Note: ${warning}`),
		firstKey === undefined ? 'Keys: innerloop key list; another one: innerloop key add owner' : `First key, shown this once: ${firstKey}`,
		...(claim === undefined
			? []
			: [`Page: ${secureAddress ?? address}/ with claim code ${claim.code}, taken until ${new Date(claim.untilMs).toISOString()}`]),
		'',
		formatClientLines(clientLines({ address, key })),
		'',
	].join('\n');
}
