/** The option of commands that look back over some days. */

import { UsageError } from './command.ts';

const MOST_DAYS = 3_660;

export const daysOption = (help: string) => ({ days: { type: 'string', value: 'N', help } }) as const;

/** Default 30. @throws UsageError */
export function readDays(text = '30'): number {
	const days = Number(text);
	if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) throw new UsageError(`--days takes a whole number from 1 to ${MOST_DAYS}.`);
	return days;
}
