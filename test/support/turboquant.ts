/** The codec's addon for tests, built once into the cache, and the numbers they feed it. */

import { homedir } from 'node:os';
import { nativeDir } from '../../appliance/config/places.ts';
import { openTurboquant, type Turboquant } from '../../native/bindings/index.ts';
import { obtainAddon } from '../../native/build/turboquant-build.ts';
import { mulberry32 } from './mulberry32.ts';

/** Half a minute of one idle core; a shared machine needs a multiple. */
export const ADDON_BUILD_TIMEOUT_MS = 10 * 60_000;

export const nativeCache = (): string => nativeDir(process.env, homedir());

export async function turboquantAddonFile(): Promise<string> {
	return await obtainAddon(nativeCache(), new AbortController().signal);
}

export async function openBuiltTurboquant(): Promise<Turboquant> {
	return openTurboquant(await turboquantAddonFile());
}

/** Standard normal numbers, the same for the same seed (mulberry32 and Box–Muller). */
export function normals(count: number, seed: number): Float32Array {
	const uniform = mulberry32(seed);
	return Float32Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}

/** [vectors, dimension] on the unit sphere. */
export function unitVectors(vectors: number, dimension: number, seed: number): Float32Array {
	const all = normals(vectors * dimension, seed);
	for (let at = 0; at < all.length; at += dimension) {
		const one = all.subarray(at, at + dimension);
		const norm = Math.sqrt(dot(one, one));
		for (const [index, value] of one.entries()) one[index] = value / norm;
	}
	return all;
}

export function dot(a: Float32Array, b: Float32Array): number {
	let sum = 0;
	for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? Number.NaN) * (b[i] ?? Number.NaN);
	return sum;
}

/** Mean of (a − b)² over all elements. */
export function meanSquaredError(a: Float32Array, b: Float32Array): number {
	let sum = 0;
	for (let i = 0; i < a.length; i += 1) sum += ((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)) ** 2;
	return sum / a.length;
}
