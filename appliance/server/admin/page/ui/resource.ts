/** Something that the box is asked for: its last good answer, its failure, and how to ask again. */

import { useCallback, useEffect, useState } from 'preact/hooks';
import { say } from '../api.ts';

export interface Resource<T> {
	readonly value: T | undefined;
	readonly failure: string | undefined;
	readonly isLoading: boolean;
	readonly reload: () => void;
}

/** @param key asks anew when it changes; what came for an older key is dropped */
export function useResource<T>(load: () => Promise<T>, key: string): Resource<T> {
	const [turn, setTurn] = useState(0);
	const [state, setState] = useState<Omit<Resource<T>, 'reload'>>({ value: undefined, failure: undefined, isLoading: true });
	const reload = useCallback(() => setTurn((before) => before + 1), []);
	// `load` is made anew at each rendering; its key says when it means something else.
	useEffect(() => {
		let isCurrent = true;
		setState((before) => ({ ...before, isLoading: true }));
		load().then(
			(value) => isCurrent && setState({ value, failure: undefined, isLoading: false }),
			(error: unknown) => isCurrent && setState((before) => ({ value: before.value, failure: say(error), isLoading: false })),
		);
		return () => {
			isCurrent = false;
		};
	}, [key, turn]);
	return { ...state, reload };
}
