import { describe, expect, it } from 'vitest';
import { CATALOGUE, findModel } from '../../../appliance/config/catalogue.ts';

describe('catalogue', () => {
	it.each([
		['frontier', ['claude-opus-4-7', 'gpt-5.5', 'gemini-3.1-pro', 'deepseek-v4-pro']],
		['mid', ['claude-sonnet-4-6', 'gpt-5-mini', 'gemini-3.1-flash', 'deepseek-v4-flash']],
		['mid', ['claude-haiku-4-5', 'gemini-3.1-flash-lite', 'llama-4-maverick']],
		['local', ['gemma-4-e2b']],
	])('holds the models of the %s tier', (tier, ids) => {
		expect(ids.map((id) => findModel(id)?.tier)).toEqual(ids.map(() => tier));
	});

	it('tries the light models of a tier after its implementation models', () => {
		expect(findModel('claude-haiku-4-5')?.order).toBeGreaterThan(findModel('claude-sonnet-4-6')?.order ?? Number.NaN);
	});

	it('names no id twice', () => {
		const ids = CATALOGUE.models.flatMap(({ id, aliases }) => [id, ...aliases]);
		expect(new Set(ids).size).toBe(ids.length);
	});

	it('says why where a figure is unknown', () => {
		const unknown = CATALOGUE.models.filter(({ price, contextTokens }) => price === null || contextTokens === null);
		expect(unknown.map(({ note }) => typeof note)).toEqual(unknown.map(() => 'string'));
	});

	it('knows what today’s clients ask for', () => {
		expect(findModel('claude-opus-5-5')?.tier).toBe('frontier');
		expect(findModel('claude-haiku-5-5')?.price?.longContext?.aboveTokens).toBe(100_000);
		expect(findModel('claude-haiku-4-5-20251001')?.id).toBe('claude-haiku-4-5');
	});
});
