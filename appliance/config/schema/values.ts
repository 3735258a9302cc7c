/** Values that several sections of the configuration hold. */

import { z } from 'zod';

export const usd = z.number().nonnegative().max(1_000_000);
export const count = z.number().int().positive();
export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, dash, underscore; 64 at most');

export const environmentVariable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'an environment variable name');
