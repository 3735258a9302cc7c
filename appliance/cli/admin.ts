/** What the commands can ask of a box, whether its service runs or only its files are there. */

import type {
	KeyChangeRequest,
	MemberChangeRequest,
	NewKeyReport,
	NewKeyRequest,
	NewMemberRequest,
	SpendDaysReport,
} from '../protocol/admin.ts';
import type { DietSums } from '../protocol/diet.ts';
import type { MeasuredSavings } from '../protocol/experiment.ts';
import type { CallRecord, ListedKey, Member, SpendRow } from '../protocol/ports.ts';
import type { SpendExport } from '../protocol/spend-export.ts';
import { adminOverFiles } from './admin-over-files.ts';
import { adminOverHttp } from './admin-over-http.ts';
import { type Context, UsageError } from './command.ts';
import { configFileOf, dataDirOf } from './places.ts';
import { connect, findService } from './service-connection.ts';

/** Everything rejects with a Problem whose message is for a person. */
export interface Admin {
	members(): Promise<readonly Member[]>;
	addMember(request: NewMemberRequest): Promise<Member>;
	/** By id or name. */
	setMember(member: string, change: MemberChangeRequest): Promise<Member>;
	/** With the keys and the records of the calls. */
	removeMember(member: string): Promise<void>;
	keys(): Promise<readonly ListedKey[]>;
	addKey(request: NewKeyRequest): Promise<NewKeyReport>;
	setKey(id: string, change: KeyChangeRequest): Promise<ListedKey>;
	revokeKey(id: string): Promise<void>;
	spend(): Promise<readonly SpendRow[]>;
	/** CSV, piece by piece. */
	exportSpend(request: SpendExport): AsyncIterable<Uint8Array | string>;
	spendByDay(days: number): Promise<SpendDaysReport['days']>;
	/** Against the control group; undefined where there is none. */
	measuredSavings(days: number): Promise<MeasuredSavings | undefined>;
	/** What the context diet trimmed, one row a mode. */
	dietSums(days: number): Promise<readonly DietSums[]>;
	findCall(id: string): Promise<CallRecord>;
	recentCalls(limit: number): Promise<readonly CallRecord[]>;
	close(): Promise<void>;
}

export interface BoxValues {
	readonly data?: string | undefined;
	readonly config?: string | undefined;
	readonly address?: string | undefined;
}

/** Runs `work` on the box that is meant: one elsewhere, the running service of the data folder, or its files. */
export async function withAdmin<T>(values: BoxValues, context: Context, work: (admin: Admin) => Promise<T>): Promise<T> {
	const admin = await openAdmin(values, context);
	try {
		return await work(admin);
	} finally {
		await admin.close();
	}
}

async function openAdmin(values: BoxValues, context: Context): Promise<Admin> {
	if (values.address !== undefined) return adminOverHttp(connectElsewhere(values.address, context));
	const dataDir = dataDirOf(values, context);
	const service = findService(dataDir);
	return service === undefined ? await adminOverFiles(dataDir, configFileOf(values, context), context.env) : adminOverHttp(service);
}

/** @throws UsageError without an address or a key */
export function connectElsewhere(address: string, { env }: Context) {
	if (!URL.canParse(address))
		throw new UsageError(`--address takes an address like http://innerloop.local:7341, not ${JSON.stringify(address)}.`);
	if (!env.INNERLOOP_KEY) throw new UsageError('--address needs an owner’s key in $INNERLOOP_KEY.');
	return connect(address, env.INNERLOOP_KEY);
}
