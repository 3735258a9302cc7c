/** What the owner asked for on the page: a file in the data folder that the updating unit, which runs as root, carries out. */

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './durable.ts';

/** It may name no place and no file: who took the service over must not choose what root installs. */
export const updateRequest = z.strictObject({ action: z.enum(['check', 'apply', 'rollback']), mayRestore: z.boolean().default(false) });
export type UpdateRequest = z.infer<typeof updateRequest>;

const fileIn = (dataDir: string): string => join(dataDir, 'update-request.json');

export const isRequested = (dataDir: string): boolean => existsSync(fileIn(dataDir));

export async function request(dataDir: string, wish: UpdateRequest): Promise<void> {
	await writeDurably(fileIn(dataDir), `${JSON.stringify(wish)}\n`);
}

/** Gone before the work begins: a request that fails is not tried again at every look. @throws where there is none, or it is not understood */
export async function takeRequest(dataDir: string): Promise<UpdateRequest> {
	const text = await readFile(fileIn(dataDir), 'utf8');
	await rm(fileIn(dataDir));
	return updateRequest.parse(JSON.parse(text));
}
