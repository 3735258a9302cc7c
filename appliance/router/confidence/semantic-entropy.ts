/**
 * Semantic entropy of several answers to one question (Farquhar et al., Nature 630, 2024): answers of one meaning form a
 * cluster, and H = −Σ P(C) log P(C), over log n. An answer weighs exp(mean log p), so that length plays no part.
 */

import { canonicalJson, parseJson } from './json-text.ts';

export interface Sample {
	readonly text: string;
	/** exp of its mean log-probability; 1 counts all answers alike. */
	readonly weight: number;
}

export interface Agreement {
	/** Indices of the samples, the heaviest cluster first. */
	readonly clusters: readonly (readonly number[])[];
	/** 0 to 1. */
	readonly entropy: number;
}

/** @param isSame whether two answers say the same; asked of a cluster's first member */
export function agreementOf(samples: readonly Sample[], isSame: (a: string, b: string) => boolean): Agreement {
	const clusters: number[][] = [];
	for (const [index, { text }] of samples.entries()) {
		const home = clusters.find(([first = 0]) => isSame(samples[first]?.text ?? '', text));
		if (home === undefined) clusters.push([index]);
		else home.push(index);
	}
	const weightOf = (cluster: readonly number[]) => cluster.reduce((sum, index) => sum + (samples[index]?.weight ?? 0), 0);
	const total = weightOf(samples.map((_, index) => index));
	const shares = clusters.map((cluster) => (total === 0 ? 1 / clusters.length : weightOf(cluster) / total));
	const entropy = samples.length < 2 ? 0 : shares.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0) / Math.log(samples.length);
	return { clusters: clusters.sort((a, b) => weightOf(b) - weightOf(a)), entropy: Math.min(1, Math.max(0, entropy)) };
}

const LEAD =
	/^(?:(?:the|my|final|correct|short) )*(?:answer|result|label|category|title)(?: is)?[ :=]+|^(?:it is|it's|that is|that's|this is)\s+/;
const YES = /^(?:yes|yeah|yep|true|correct|right|affirmative)\b/;
const NO = /^(?:no|nope|false|incorrect|wrong|negative)\b/;

/**
 * One form for all ways to write the same short answer: case, marks, articles and lead-ins fall, numbers lose their
 * grouping, JSON its order, and yes and no keep nothing else.
 */
export function canonicalForm(text: string): string {
	const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
	if (json !== undefined) return canonicalJson(json);
	const plain = text
		.normalize('NFKC')
		.toLowerCase()
		.trim()
		.replace(/[*_`#"“”]/g, '')
		.replace(LEAD, '');
	if (YES.test(plain)) return 'yes';
	if (NO.test(plain)) return 'no';
	return plain
		.replace(/(\d)[, ](?=\d{3}\b)/g, '$1')
		.replace(/(\d)\.0+\b/g, '$1')
		.replace(/\b(?:the|a|an)\b/g, ' ')
		.replace(/[^\p{L}\p{N}.%$€/+-]+/gu, ' ')
		.replace(/\.(?=\s|$)/g, '')
		.trim()
		.replace(/\s+/g, ' ');
}

export const isSameForm = (a: string, b: string): boolean => canonicalForm(a) === canonicalForm(b);
