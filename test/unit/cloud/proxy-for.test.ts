import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../appliance/provider/cloud/proxy-for.ts';

const egress = (noProxy?: string) => ({ httpsProxy: 'http://secure:8443', httpProxy: 'plain:8080', noProxy });
const hrefOf = (address: string, noProxy?: string) => proxyFor(new URL(address), egress(noProxy))?.origin;

describe('the proxy for an address', () => {
	it('is that of its scheme, or none', () => {
		expect(hrefOf('https://api.anthropic.com')).toBe('http://secure:8443');
		expect(hrefOf('http://10.0.0.5:8000')).toBe('http://plain:8080');
		expect(proxyFor(new URL('https://x.test'), undefined)).toBeUndefined();
		expect(proxyFor(new URL('http://x.test'), { httpsProxy: 'http://p', httpProxy: undefined, noProxy: undefined })).toBeUndefined();
	});

	it.each([
		['*', 'https://api.openai.com', true],
		['openai.com', 'https://api.openai.com', true],
		['.openai.com', 'https://api.openai.com', true],
		['*.openai.com', 'https://api.openai.com', true],
		['*.openai.com', 'https://openai.com', false],
		['.openai.com', 'https://openai.com', true],
		['penai.com', 'https://api.openai.com', false],
		['API.OpenAI.com.', 'https://api.openai.com', true],
		['api.openai.com:443', 'https://api.openai.com', true],
		['api.openai.com:8443', 'https://api.openai.com', false],
		['10.0.0.5:8000', 'http://10.0.0.5:8000', true],
		['[::1]:9000', 'http://[::1]:9000', true],
		['::1', 'http://[::1]:9000', true],
		['a.test b.test,c.test', 'https://b.test', true],
		['', 'https://b.test', false],
	])('NO_PROXY=%s, %s: straight %s', (noProxy, address, isStraight) => {
		expect(hrefOf(address, noProxy) === undefined).toBe(isStraight);
	});

	it('throws where it is no address', () => {
		expect(() => proxyFor(new URL('https://x.test'), { httpsProxy: 'http://', httpProxy: undefined, noProxy: undefined })).toThrow();
	});
});
