/** Which proxy, if any, an address is reached through, by the rules of HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */

/** As the environment says. */
export interface Egress {
	readonly httpsProxy: string | undefined;
	readonly httpProxy: string | undefined;
	/** Host names, suffixes and addresses, each perhaps with a port, between commas or blanks; `*` is all. */
	readonly noProxy: string | undefined;
}

/** Undefined goes straight. A proxy without a scheme is an http one; throws where it is no address at all. */
export function proxyFor(target: URL, egress: Egress | undefined): URL | undefined {
	if (egress === undefined) return undefined;
	const proxy = target.protocol === 'https:' ? egress.httpsProxy : egress.httpProxy;
	if (proxy === undefined || isExempt(target, egress.noProxy)) return undefined;
	return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

function isExempt({ hostname, port, protocol }: URL, noProxy = ''): boolean {
	const host = bare(hostname);
	const targetPort = port || DEFAULT_PORT[protocol];
	return noProxy
		.split(/[,\s]+/)
		.filter((entry) => entry !== '')
		.some((entry) => {
			const [name, entryPort] = splitPort(entry);
			if (entryPort !== undefined && entryPort !== targetPort) return false;
			const suffix = bare(name).replace(/^\*?\./, '');
			return name === '*' || host.endsWith(`.${suffix}`) || (host === suffix && !name.startsWith('*.'));
		});
}

/** `name:443`, `[::1]:443`; an address of more colons without brackets has no port. */
function splitPort(entry: string): readonly [name: string, port: string | undefined] {
	const match = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
	return [match?.[1] ?? entry, match?.[2]];
}

const bare = (host: string): string =>
	host
		.replace(/^\[(.+)\]$/, '$1')
		.replace(/\.$/, '')
		.toLowerCase();
