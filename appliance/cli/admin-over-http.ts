/** The box through its running service. */

import type {
	CallsReport,
	KeysReport,
	MembersReport,
	NewKeyReport,
	SavingsReport,
	SpendDaysReport,
	SpendReport,
} from '../protocol/admin.ts';
import type { CallRecord, ListedKey, Member } from '../protocol/ports.ts';
import type { Admin } from './admin.ts';
import { findMember } from './find-member.ts';
import type { ServiceConnection } from './service-connection.ts';

export function adminOverHttp({ ask, read }: ServiceConnection): Admin {
	const members = async () => (await ask<MembersReport>('GET', 'members')).members;
	return {
		members,
		addMember: (request) => ask<Member>('POST', 'members', request),
		setMember: async (name, change) => {
			const { id } = findMember(await members(), name);
			return await ask<Member>('PATCH', `members/${encodeURIComponent(id)}`, change);
		},
		removeMember: async (name) => {
			const { id } = findMember(await members(), name);
			await ask<void>('DELETE', `members/${encodeURIComponent(id)}`);
		},
		keys: async () => (await ask<KeysReport>('GET', 'keys')).keys,
		addKey: (request) => ask<NewKeyReport>('POST', 'keys', request),
		setKey: (id, change) => ask<ListedKey>('PATCH', `keys/${encodeURIComponent(id)}`, change),
		revokeKey: (id) => ask<void>('DELETE', `keys/${encodeURIComponent(id)}`),
		spend: async () => (await ask<SpendReport>('GET', 'spend')).rows,
		exportSpend: ({ by, from, to }) => read(`spend.csv?by=${by}&from=${from}&to=${to}`),
		spendByDay: async (days) => (await ask<SpendDaysReport>('GET', `spend/days?days=${days}`)).days,
		measuredSavings: async (days) => (await ask<SavingsReport>('GET', `savings?days=${days}`)).measured,
		dietSums: async (days) => (await ask<SavingsReport>('GET', `savings?days=${days}`)).diet,
		findCall: (id) => ask<CallRecord>('GET', `explain/${encodeURIComponent(id)}`),
		recentCalls: async (limit) => (await ask<CallsReport>('GET', `calls?limit=${limit}`)).calls,
		close: () => Promise.resolve(),
	};
}
