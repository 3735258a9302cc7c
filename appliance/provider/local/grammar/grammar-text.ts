/** Collects the rules of one GBNF grammar, and knows when they would not terminate. */

/** Reserved by the collector; every other rule gets a number. */
export const ROOT = 'root';

/** Rules and characters beyond which one schema is taken for hostile: the matcher's work grows with both. */
const MAX_RULES = 400;
const MAX_CHARACTERS = 40_000;

/** Thrown by `add` when the grammar outgrows its limits; callers fall back to a generic rule. */
export class GrammarTooLarge extends Error {}

export class GrammarText {
	readonly #rules = new Map<string, string>();
	/** rule → rules it may begin with before consuming a character: a cycle here would never end. */
	readonly #heads = new Map<string, readonly string[]>();
	readonly #named = new Map<string, string>();
	#characters = 0;
	#lastNumber = 0;
	readonly #isLimited: boolean;

	/** A limited grammar throws when it outgrows what one schema may need. */
	constructor({ isLimited }: { readonly isLimited: boolean }) {
		this.#isLimited = isLimited;
	}

	/** A fresh rule name; `hint` is letters only. */
	reserve(hint: string): string {
		this.#lastNumber += 1;
		return `${hint}-${this.#lastNumber}`;
	}

	/** `heads` names the rules that stand at the very front of the body. */
	define(name: string, body: string, heads: readonly string[] = []): string {
		this.#rules.set(name, body);
		this.#heads.set(name, heads);
		this.#characters += name.length + body.length;
		const isTooLarge = this.#rules.size > MAX_RULES || this.#characters > MAX_CHARACTERS;
		if (this.#isLimited && isTooLarge) throw new GrammarTooLarge('the grammar is too large');
		return name;
	}

	add(hint: string, body: string, heads: readonly string[] = []): string {
		return this.define(this.reserve(hint), body, heads);
	}

	/** One rule for one key, made on first use; `make` may refer to the key again (recursion). */
	once(key: string, hint: string, make: (name: string) => void): string {
		const known = this.#named.get(key);
		if (known !== undefined) return known;
		const name = this.reserve(hint);
		this.#named.set(key, name);
		make(name);
		return name;
	}

	/** True when a rule can begin with itself without consuming anything. */
	get isLeftRecursive(): boolean {
		const done = new Set<string>();
		const open = new Set<string>();
		const visit = (rule: string): boolean => {
			if (open.has(rule)) return true;
			if (done.has(rule)) return false;
			open.add(rule);
			const isCyclic = (this.#heads.get(rule) ?? []).some(visit);
			open.delete(rule);
			done.add(rule);
			return isCyclic;
		};
		return [...this.#rules.keys()].some(visit);
	}

	toString(): string {
		return [...this.#rules].map(([name, body]) => `${name} ::= ${body}`).join('\n');
	}
}

/** A GBNF literal that matches exactly this text. */
export function literal(text: string): string {
	return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;
}

export function alternatives(rules: readonly string[]): string {
	return rules.length === 1 ? (rules[0] as string) : `(${rules.join(' | ')})`;
}
