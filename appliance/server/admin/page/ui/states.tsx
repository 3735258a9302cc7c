/** What a part of the page shows while it has nothing to show: it loads, it is empty, it failed. */

import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icons.tsx';
import type { Resource } from './resource.ts';

export function Loading({ what }: { readonly what: string }): JSX.Element {
	return (
		<div class="state" role="status">
			<div class="skeleton" aria-hidden="true">
				<i />
				<i />
				<i />
			</div>
			<span class="quiet">Loading {what} …</span>
		</div>
	);
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }): JSX.Element {
	return (
		<div class="state empty">
			<strong>{title}</strong>
			{children !== undefined && <p>{children}</p>}
		</div>
	);
}

export function Failure({ message, onRetry }: { readonly message: string; readonly onRetry?: (() => void) | undefined }): JSX.Element {
	return (
		<div class="state failure" role="alert">
			<Icon name="warning" />
			<p>{message}</p>
			{onRetry !== undefined && (
				<button type="button" onClick={onRetry}>
					Try again
				</button>
			)}
		</div>
	);
}

interface ShownProps<T> {
	readonly of: Resource<T>;
	/** Named in "Loading … ". */
	readonly what: string;
	readonly children: (value: T) => ComponentChildren;
}

/** Shows the last good answer while a newer one is on the way. */
export function Shown<T>({ of, what, children }: ShownProps<T>): JSX.Element {
	if (of.value !== undefined)
		return (
			<>
				{of.failure !== undefined && <Failure message={of.failure} onRetry={of.reload} />}
				{children(of.value)}
			</>
		);
	return of.failure === undefined ? <Loading what={what} /> : <Failure message={of.failure} onRetry={of.reload} />;
}
