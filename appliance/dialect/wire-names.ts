/** Fits ids and names of tools to what a target accepts, the same way each time, and keeps the way back. */

import { fnv1a } from '../protocol/fnv1a.ts';

export interface NameRule {
	readonly allowed: RegExp;
	readonly maxLength: number;
}

/** What OpenAI documents for names of functions; Anthropic allows twice the length. */
export const SHORT_NAMES: NameRule = { allowed: /^[a-zA-Z0-9_-]+$/, maxLength: 64 };
export const LONG_NAMES: NameRule = { allowed: /^[a-zA-Z0-9_-]+$/, maxLength: 128 };

/** Two names never become one: what was changed ends in a checksum of the original, and in a count where that is taken. */
export class WireNames {
	private readonly rule: NameRule;
	private readonly toWire = new Map<string, string>();
	private readonly taken = new Set<string>();

	constructor(rule: NameRule) {
		this.rule = rule;
	}

	wire(name: string): string {
		const known = this.toWire.get(name);
		if (known !== undefined) return known;
		const wire = this.free(this.fits(name) ? name : this.fit(name));
		this.toWire.set(name, wire);
		this.taken.add(wire);
		return wire;
	}

	/** Wire name → original, of those that were changed. */
	changed(): readonly (readonly [wire: string, name: string])[] {
		return [...this.toWire].flatMap(([name, wire]) => (name === wire ? [] : [[wire, name] as const]));
	}

	private fits(name: string): boolean {
		return name.length <= this.rule.maxLength && this.rule.allowed.test(name);
	}

	private fit(name: string): string {
		const sum = checksum(name);
		const plain = name.replace(/[^a-zA-Z0-9_-]/g, '_');
		return `${plain.slice(0, this.rule.maxLength - sum.length - 1)}_${sum}`;
	}

	private free(wire: string): string {
		let candidate = wire;
		for (let count = 2; this.taken.has(candidate); count++) {
			const suffix = `_${count}`;
			candidate = wire.slice(0, this.rule.maxLength - suffix.length) + suffix;
		}
		return candidate;
	}
}

const checksum = (text: string): string => fnv1a(text).toString(16).padStart(8, '0');
