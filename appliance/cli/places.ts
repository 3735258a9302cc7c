/** The options that say which box is meant, and what they default to. */

import { resolve } from 'node:path';
import { configFile, dataDir } from '../config/places.ts';
import type { Context } from './command.ts';

export const DATA_OPTION = {
	data: {
		type: 'string',
		value: 'DIR',
		help: 'Folder of ledger, keys and history. Default: $INNERLOOP_DATA, else ~/.local/state/innerloop.',
	},
} as const;

export const CONFIG_OPTION = {
	config: {
		type: 'string',
		value: 'FILE',
		help: 'Configuration. Default: $INNERLOOP_CONFIG, else ~/.config/innerloop/config.json where it is there.',
	},
} as const;

export const ADDRESS_OPTION = {
	address: { type: 'string', value: 'URL', help: 'A box elsewhere, with an owner’s key in $INNERLOOP_KEY.' },
} as const;

export function dataDirOf(values: { readonly data?: string | undefined }, { env, home }: Context): string {
	return values.data === undefined ? dataDir(env, home) : resolve(values.data);
}

export function configFileOf(values: { readonly config?: string | undefined }, { env, home }: Context): string {
	return values.config === undefined ? configFile(env, home) : resolve(values.config);
}
