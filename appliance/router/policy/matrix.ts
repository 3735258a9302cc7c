/** The little linear algebra that ridge regression needs: square matrices of dimension d, row by row in one array. */

export type Matrix = Float64Array;
export type Vector = Float64Array;

/** `scale` on the diagonal, zero elsewhere. Shape [d, d]. */
export function diagonal(dimension: number, scale: number): Matrix {
	const matrix = new Float64Array(dimension * dimension);
	for (let i = 0; i < dimension; i++) matrix[i * dimension + i] = scale;
	return matrix;
}

export function dot(a: Vector, b: Vector): number {
	let sum = 0;
	for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
	return sum;
}

/** M·x. Shapes [d, d] and [d]. */
export function times(matrix: Matrix, x: Vector): Vector {
	const { length } = x;
	const product = new Float64Array(length);
	for (let row = 0; row < length; row++) {
		let sum = 0;
		for (let column = 0; column < length; column++) sum += (matrix[row * length + column] ?? 0) * (x[column] ?? 0);
		product[row] = sum;
	}
	return product;
}

export const scaled = (values: Float64Array, factor: number): Float64Array => values.map((value) => value * factor);

/** a + factor·b, element by element. */
export const sum = (a: Float64Array, b: Float64Array, factor = 1): Float64Array =>
	a.map((value, index) => value + factor * (b[index] ?? 0));

/** M + factor·u·uᵀ. */
export function withOuter(matrix: Matrix, u: Vector, factor: number): Matrix {
	const { length } = u;
	const result = new Float64Array(matrix);
	for (let row = 0; row < length; row++) {
		const left = factor * (u[row] ?? 0);
		for (let column = 0; column < length; column++) {
			result[row * length + column] = (result[row * length + column] ?? 0) + left * (u[column] ?? 0);
		}
	}
	return result;
}

/**
 * Inverse of a symmetric positive definite matrix, by its Cholesky factor; undefined where it is not positive definite.
 */
export function invert(matrix: Matrix, dimension: number): Matrix | undefined {
	const lower = cholesky(matrix, dimension);
	if (lower === undefined) return undefined;
	const inverse = new Float64Array(dimension * dimension);
	for (let column = 0; column < dimension; column++) {
		const unit = new Float64Array(dimension);
		unit[column] = 1;
		const solved = solve(lower, unit, dimension);
		for (let row = 0; row < dimension; row++) inverse[row * dimension + column] = solved[row] ?? 0;
	}
	return inverse;
}

function cholesky(matrix: Matrix, dimension: number): Matrix | undefined {
	const lower = new Float64Array(dimension * dimension);
	const at = (row: number, column: number) => lower[row * dimension + column] ?? 0;
	for (let row = 0; row < dimension; row++) {
		for (let column = 0; column <= row; column++) {
			let rest = matrix[row * dimension + column] ?? 0;
			for (let k = 0; k < column; k++) rest -= at(row, k) * at(column, k);
			if (row === column && !(rest > 0)) return undefined;
			lower[row * dimension + column] = row === column ? Math.sqrt(rest) : rest / at(column, column);
		}
	}
	return lower;
}

/** x of L·Lᵀ·x = y. */
function solve(lower: Matrix, y: Vector, dimension: number): Vector {
	const x = new Float64Array(y);
	for (let row = 0; row < dimension; row++) {
		for (let k = 0; k < row; k++) x[row] = (x[row] ?? 0) - (lower[row * dimension + k] ?? 0) * (x[k] ?? 0);
		x[row] = (x[row] ?? 0) / (lower[row * dimension + row] ?? 1);
	}
	for (let row = dimension - 1; row >= 0; row--) {
		for (let k = row + 1; k < dimension; k++) x[row] = (x[row] ?? 0) - (lower[k * dimension + row] ?? 0) * (x[k] ?? 0);
		x[row] = (x[row] ?? 0) / (lower[row * dimension + row] ?? 1);
	}
	return x;
}
