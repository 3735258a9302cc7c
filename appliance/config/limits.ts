/** Limits of use and the proxies of the environment, as the rest of the program takes them. */

import type { Limits } from '../protocol/limits.ts';
import type { Environment } from './places.ts';
import type { LimitsOfUseConfig } from './schema.ts';
import type { EgressSettings } from './settings.ts';

type Written = { readonly [Name in keyof LimitsOfUseConfig]?: LimitsOfUseConfig[Name] | undefined };

/** Undefined where nothing is limited: then nothing is counted either. */
export function toLimits(written: Written | undefined): Limits | undefined {
	if (written === undefined) return undefined;
	const { requestsPerMinute, tokensPerMinute, parallelCalls, isCacheReadCounted } = written;
	if (requestsPerMinute === undefined && tokensPerMinute === undefined && parallelCalls === undefined) return undefined;
	return {
		...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
		...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
		...(parallelCalls === undefined ? {} : { parallelCalls }),
		...(isCacheReadCounted === false ? { isCacheReadCounted } : {}),
	};
}

/** As curl reads them: lower case first, and HTTP_PROXY in capitals too, since no CGI program is near. */
export function readEgress(env: Environment): EgressSettings | undefined {
	const read = (name: string) => env[name.toLowerCase()]?.trim() || env[name]?.trim() || undefined;
	const httpsProxy = read('HTTPS_PROXY') ?? read('ALL_PROXY');
	const httpProxy = read('HTTP_PROXY') ?? read('ALL_PROXY');
	if (httpsProxy === undefined && httpProxy === undefined) return undefined;
	return { httpsProxy, httpProxy, noProxy: read('NO_PROXY') };
}
