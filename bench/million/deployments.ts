/** The deployments of a random world: ordinary prices, steps, and prices that a careless operator could write. */

import type { Deployment, Price } from '../../appliance/protocol/deployment.ts';

type Usd = readonly [input: number, output: number, read: number, write: number, write1h: number];

function rates([input, output, read, write, write1h]: Usd) {
	const pico = (usd: number) => Math.round(usd * 1e6);
	return {
		inputPicoUsd: pico(input),
		outputPicoUsd: pico(output),
		cacheReadPicoUsd: pico(read),
		cacheWritePicoUsd: pico(write),
		cacheWrite1hPicoUsd: pico(write1h),
	};
}

const fees = { nanoUsd: { 'web-search': 10_000_000, 'web-fetch': 0 }, source: 'made up', date: '2026-11-23' } as const;

function price(usd: Usd, above?: readonly [aboveTokens: number, usd: Usd]): Price {
	const step = above === undefined ? {} : { longContext: { aboveTokens: above[0], ...rates(above[1]) } };
	return { ...rates(usd), ...step, serverToolFees: fees, source: 'made up', date: '2026-11-23' };
}

function deployment(id: string, part: Partial<Deployment> & { readonly price: Price }): Deployment {
	return {
		id,
		provider: 'cloud',
		model: `${id}-1`,
		tier: 'mid',
		dialects: ['anthropic'],
		order: 0,
		contextTokens: 200_000,
		maxOutputTokens: 32_000,
		modalities: ['text', 'image', 'document'],
		allowedTools: undefined,
		maxTokensPerMedia: 2_000,
		...part,
	};
}

export const DEPLOYMENTS: readonly Deployment[] = [
	deployment('frontier', { tier: 'frontier', price: price([5, 25, 0.5, 6.25, 10]) }),
	deployment('stepped', { tier: 'frontier', order: 1, price: price([2, 10, 0.2, 2.5, 4], [30_000, [4, 15, 0.4, 5, 8]]) }),
	deployment('mid', { price: price([3, 15, 0.3, 3.75, 6]) }),
	deployment('light', { order: 10, contextTokens: 60_000, price: price([0.333_333, 1.25, 0.033_333, 0.416_667, 0.666_667]) }),
	// Cheaper above its step, and dearer to read than to write.
	deployment('odd', { order: 1, price: price([1, 5, 2, 1, 1], [10_000, [0.5, 6, 0.1, 0.5, 0.5]]) }),
	deployment('local', { tier: 'local', provider: 'local', contextTokens: 16_000, price: price([0, 0, 0, 0, 0]), allowedTools: ['Read'] }),
];
