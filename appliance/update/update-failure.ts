/** Why an update was not made, in words that say what to do. The box serves on as it was. */

export class UpdateFailure extends Error {
	constructor(message: string, options: { cause?: unknown } = {}) {
		super(message, options);
		this.name = 'UpdateFailure';
	}
}
