import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheDir, configFile, dataDir, modelsDir } from '../../../appliance/config/places.ts';

const home = join('/', 'home', 'ada');

describe('places', () => {
	it('falls back to the home directory', () => {
		expect(dataDir({}, home)).toBe(join(home, '.local/state/innerloop'));
		expect(cacheDir({}, home)).toBe(join(home, '.cache/innerloop'));
		expect(modelsDir({}, home)).toBe(join(home, '.cache/innerloop/models'));
		expect(configFile({}, home)).toBe(join(home, '.config/innerloop/config.json'));
	});

	it('takes the base directories of the environment', () => {
		const env = { XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c', XDG_CONFIG_HOME: '/f' };
		expect(dataDir(env, home)).toBe('/s/innerloop');
		expect(cacheDir(env, home)).toBe('/c/innerloop');
		expect(configFile(env, home)).toBe('/f/innerloop/config.json');
	});

	it('lets its own variables win, taken from the working directory', () => {
		const env = { INNERLOOP_DATA: '/d', INNERLOOP_CACHE: 'k', INNERLOOP_CONFIG: 'box.json', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c' };
		expect(dataDir(env, home)).toBe('/d');
		expect(modelsDir(env, home)).toBe(resolve('k', 'models'));
		expect(configFile(env, home)).toBe(resolve('box.json'));
	});

	it('ignores empty values and relative base directories', () => {
		expect(dataDir({ INNERLOOP_DATA: '', XDG_STATE_HOME: 'rel' }, home)).toBe(join(home, '.local/state/innerloop'));
	});
});
