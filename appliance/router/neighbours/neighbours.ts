/**
 * What past calls that were like this one came to at each deployment: k nearest neighbours, weighted by a softmax of
 * their likeness (ContextualRouter: q̂_m = Σ softmax(sim/τ)·s_m). A new model is rows and nothing else. Vectors and
 * outcomes only: no text is kept.
 */

export interface Example {
	readonly deployment: string;
	/** Of any length above zero. Shape [dimension]. */
	readonly vector: ArrayLike<number>;
	/** 0 to 1. */
	readonly reward: number;
}

export interface NeighbourSettings {
	readonly dimension: number;
	/** Most rows; the oldest goes first. */
	readonly capacity: number;
	/** k. */
	readonly neighbours: number;
	/** τ: the smaller, the more the nearest counts. */
	readonly temperature: number;
	/** Cosine below which a past call says nothing about this one. */
	readonly leastLikeness: number;
	/** Cosine from which two calls are the same: their outcomes are averaged in one row. */
	readonly sameLikeness: number;
}

export interface NeighbourEstimate {
	/** Weighted mean of the neighbours' rewards. */
	readonly mean: number;
	/** Variance of that mean. */
	readonly variance: number;
	readonly rows: number;
}

interface Outcomes {
	sum: number;
	count: number;
}

interface Near {
	readonly row: number;
	readonly likeness: number;
}

/** Spread of a single outcome, where its neighbours alone do not tell. */
const PRIOR_VARIANCE = 0.05;

export class Neighbours {
	private readonly settings: NeighbourSettings;
	/** Unit vectors, row by row. Shape [capacity, dimension]. */
	private rows: Float32Array;
	private readonly outcomes: Map<string, Outcomes>[] = [];
	/** The row that is written next, once the table is full. */
	private next = 0;

	constructor(settings: NeighbourSettings) {
		this.settings = settings;
		this.rows = new Float32Array(Math.min(1_024, settings.capacity) * settings.dimension);
	}

	get size(): number {
		return this.outcomes.length;
	}

	/** Outcomes of a call that is there already join its row. Vectors of another dimension, or without length, are dropped. */
	add({ deployment, vector, reward }: Example): void {
		const unit = this.unit(vector);
		if (unit === undefined || !Number.isFinite(reward)) return;
		const [nearest] = this.nearest(unit, 1);
		const isSame = nearest !== undefined && nearest.likeness >= this.settings.sameLikeness;
		const row = isSame ? nearest.row : this.freshRow(unit);
		const outcomes = this.outcomes[row];
		const before = outcomes?.get(deployment) ?? { sum: 0, count: 0 };
		outcomes?.set(deployment, { sum: before.sum + Math.min(1, Math.max(0, reward)), count: before.count + 1 });
	}

	/** Adds many at once, each as a row of its own: without a search for each. */
	fill(examples: Iterable<Example>): void {
		for (const { deployment, vector, reward } of examples) {
			const unit = this.unit(vector);
			if (unit === undefined || !Number.isFinite(reward)) continue;
			this.outcomes[this.freshRow(unit)]?.set(deployment, { sum: Math.min(1, Math.max(0, reward)), count: 1 });
		}
	}

	private freshRow(unit: Float32Array): number {
		const { capacity, dimension } = this.settings;
		const row = this.size < capacity ? this.size : this.next;
		this.next = (row + 1) % capacity;
		if ((row + 1) * dimension > this.rows.length) {
			const grown = new Float32Array(Math.min(capacity * dimension, this.rows.length * 2));
			grown.set(this.rows);
			this.rows = grown;
		}
		this.rows.set(unit, row * dimension);
		this.outcomes[row] = new Map();
		return row;
	}

	/** By deployment, for those that have a neighbour near enough; empty for a call unlike all that came before. */
	estimate(vector: ArrayLike<number>): ReadonlyMap<string, NeighbourEstimate> {
		const unit = this.unit(vector);
		if (unit === undefined) return new Map();
		const { neighbours, leastLikeness } = this.settings;
		return this.weigh(this.nearest(unit, neighbours).filter(({ likeness }) => likeness >= leastLikeness));
	}

	private weigh(near: readonly Near[]): ReadonlyMap<string, NeighbourEstimate> {
		const [first] = near;
		if (first === undefined) return new Map();
		const sums = new Map<string, { weight: number; squares: number; reward: number; rows: number }>();
		for (const { row, likeness } of near) {
			const weight = Math.exp((likeness - first.likeness) / this.settings.temperature);
			for (const [deployment, { sum, count }] of this.outcomes[row] ?? []) {
				const before = sums.get(deployment) ?? { weight: 0, squares: 0, reward: 0, rows: 0 };
				sums.set(deployment, {
					weight: before.weight + weight,
					squares: before.squares + weight ** 2,
					reward: before.reward + (weight * sum) / count,
					rows: before.rows + 1,
				});
			}
		}
		return new Map([...sums].map(([deployment, one]) => [deployment, estimateOf(one)]));
	}

	/** The k rows of the greatest cosine, the nearest first: every row is looked at. */
	private nearest(unit: Float32Array, k: number): readonly Near[] {
		const { dimension } = this.settings;
		const best: Near[] = [];
		let least = Number.NEGATIVE_INFINITY;
		for (let row = 0; row < this.size; row++) {
			let likeness = 0;
			for (let i = 0, at = row * dimension; i < dimension; i++, at++) likeness += (this.rows[at] ?? 0) * (unit[i] ?? 0);
			if (best.length === k && likeness <= least) continue;
			insert(best, { row, likeness }, k);
			least = best.at(-1)?.likeness ?? least;
		}
		return best;
	}

	private unit(vector: ArrayLike<number>): Float32Array | undefined {
		if (vector.length !== this.settings.dimension) return undefined;
		const unit = Float32Array.from(vector);
		const length = Math.sqrt(unit.reduce((sum, value) => sum + value * value, 0));
		return length > 0 && Number.isFinite(length) ? unit.map((value) => value / length) : undefined;
	}
}

function insert(best: Near[], one: Near, k: number): void {
	let at = best.length;
	while (at > 0 && (best[at - 1]?.likeness ?? 0) < one.likeness) at -= 1;
	best.splice(at, 0, one);
	if (best.length > k) best.pop();
}

function estimateOf({
	weight,
	squares,
	reward,
	rows,
}: {
	weight: number;
	squares: number;
	reward: number;
	rows: number;
}): NeighbourEstimate {
	return { mean: reward / weight, variance: (PRIOR_VARIANCE * squares) / weight ** 2, rows };
}
