/** `innerloop explain`: why a call went where it went, or where one would go. */

import { readFileSync } from 'node:fs';
import type { ExplainReport, ExplainRequest } from '../protocol/admin.ts';
import type { Decision, Outcome, Reason } from '../protocol/decision.ts';
import type { CallRecord } from '../protocol/ports.ts';
import { Problem } from '../protocol/problem.ts';
import { DIALECTS, type DialectName } from '../protocol/words.ts';
import { connectElsewhere, withAdmin } from './admin.ts';
import { type Command, type Context, defineCommand, EXIT, UsageError } from './command.ts';
import { describeConfidence } from './describe-confidence.ts';
import { formatUsd } from './money.ts';
import { ADDRESS_OPTION, CONFIG_OPTION, DATA_OPTION, dataDirOf } from './places.ts';
import { findService } from './service-connection.ts';
import { table } from './terminal.ts';

const OPTIONS = {
	file: { type: 'string', value: 'FILE', help: 'Dry run: the body of a call (JSON); - reads standard input.' },
	dialect: { type: 'string', value: 'WORD', help: `Dialect of the dry run: ${DIALECTS.join(', ')}. Default: anthropic.` },
	header: { type: 'string', multiple: true, value: "'NAME: VALUE'", help: 'A header of the dry run; may be given again.' },
	recent: { type: 'string', value: 'N', help: 'List the newest N calls instead.' },
	...DATA_OPTION,
	...CONFIG_OPTION,
	...ADDRESS_OPTION,
} as const;

const explain = defineCommand({
	name: 'explain',
	summary: 'Say why a call went where it went, or where one would go.',
	positionals: ['[CALL]'],
	options: OPTIONS,
	details:
		'CALL is what a reply carries in its x-innerloop-call header. A dry run needs the running service, sends nothing and holds no money.',
	async run({ values, positionals: [callId] }, context) {
		const { terminal } = context;
		const modes = [callId, values.file, values.recent].filter((mode) => mode !== undefined);
		if (modes.length !== 1) throw new UsageError('innerloop explain takes one of: CALL, --file FILE, --recent N.');
		if (values.recent !== undefined) {
			const limit = parseLimit(values.recent);
			const calls = await withAdmin(values, context, (admin) => admin.recentCalls(limit));
			if (values.json) terminal.json({ calls });
			else if (calls.length === 0) terminal.print('No calls yet.');
			else terminal.print(table(['CALL', 'AT', 'MEMBER', 'ROLE', 'DEPLOYMENT', 'STATUS', 'COST', 'TIME'], calls.map(row)));
			return EXIT.ok;
		}
		if (values.file !== undefined) {
			const report = await dryRun(requestOf(values.file, values.dialect, values.header ?? []), values, context);
			if (values.json) terminal.json(report);
			else terminal.print([...describeDecision(report.decision), ...describeProblem(report)].join('\n'));
			return report.problem === undefined ? EXIT.ok : EXIT.failed;
		}
		const record = await withAdmin(values, context, (admin) => admin.findCall(callId ?? ''));
		if (values.json) terminal.json(record);
		else
			terminal.print(
				[...describeDecision(record.decision), ...describeConfidence(record.decision.confidence), ...describeOutcome(record.outcome)].join(
					'\n',
				),
			);
		return EXIT.ok;
	},
});

export const explainCommands: readonly Command[] = [explain];

function parseLimit(text: string): number {
	const limit = Number(text);
	if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new UsageError('--recent takes a whole number from 1 to 1000.');
	return limit;
}

function requestOf(file: string, dialect: string | undefined, headers: readonly string[]): ExplainRequest {
	const known = DIALECTS.find((one) => one === (dialect ?? 'anthropic'));
	if (known === undefined) throw new UsageError(`--dialect is one of ${DIALECTS.join(', ')}; not ${JSON.stringify(dialect)}.`);
	return { dialect: known satisfies DialectName, headers: Object.fromEntries(headers.map(parseHeader)), body: readBody(file) };
}

function readBody(file: string): string {
	try {
		return readFileSync(file === '-' ? 0 : file, 'utf8');
	} catch (cause) {
		throw new Problem('not-found', `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
	}
}

function parseHeader(text: string): [string, string] {
	const match = /^([^:\s]+):\s*(.*)$/.exec(text);
	if (match === null) throw new UsageError(`--header takes 'name: value', not ${JSON.stringify(text)}.`);
	return [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
}

async function dryRun(
	request: ExplainRequest,
	values: { readonly address?: string | undefined; readonly data?: string | undefined },
	context: Context,
): Promise<ExplainReport> {
	const service = values.address === undefined ? findService(dataDirOf(values, context)) : connectElsewhere(values.address, context);
	if (service === undefined) throw new Problem('not-found', 'A dry run needs the running service: start it with innerloop serve.');
	return await service.ask<ExplainReport>('POST', 'explain', request);
}

function describeDecision(decision: Decision): string[] {
	const { candidates, rejected } = decision;
	return [
		`Call ${decision.callId} of ${decision.member}, ${decision.at}`,
		`  model ${decision.requestedModel} (${decision.dialect}), role ${decision.role}, tree ${decision.treeKey}`,
		`  reserved ${formatUsd(decision.reservedNanoUsd)}`,
		'Reasons',
		...decision.reasons.map(describeReason),
		candidates.length === 0 ? 'Candidates: none' : 'Candidates, in the order of trying',
		...candidates.map(
			(one, index) =>
				`  ${index + 1}. ${one.deployment} (${one.tier}): expected ${formatUsd(one.expectedCostNanoUsd)}, at most ${formatUsd(one.worstCostNanoUsd)}${one.expectedMs === undefined || one.expectedMs === null ? '' : `, about ${Math.round(one.expectedMs)} ms`}`,
		),
		...(rejected.length === 0 ? [] : ['Passed over']),
		...rejected.map((one) => `  ${one.deployment}: ${one.reasons.map(({ text }) => text).join(' ')}`),
	];
}

function describeReason({ step, code, text, deployment }: Reason): string {
	return `  ${step}: ${text} [${code}${deployment === undefined ? '' : `, ${deployment}`}]`;
}

function describeProblem({ problem }: ExplainReport): string[] {
	return problem === undefined ? [] : [`It would be refused: ${problem.message} [${problem.code}]`];
}

function describeOutcome(outcome: Outcome | undefined): string[] {
	if (outcome === undefined || outcome === null) return ['Outcome: not known (the call still runs, or the service ended first).'];
	const tokens = `${outcome.inputTokens ?? '?'} in, ${outcome.cacheReadTokens ?? '?'} from cache, ${outcome.outputTokens ?? '?'} out`;
	const bound = outcome.isCostBound ? ' (the bound: usage was not reported)' : '';
	const problem = outcome.problemCode === undefined || outcome.problemCode === null ? '' : `, ${outcome.problemCode}`;
	return [
		'Outcome',
		`  ${outcome.deployment ?? 'no deployment'} answered ${outcome.status}${problem} in ${Math.round(outcome.latencyMs)} ms`,
		`  ${formatUsd(outcome.costNanoUsd)}${bound}; tokens: ${tokens}`,
	];
}

function row({ decision, outcome }: CallRecord): string[] {
	return [
		decision.callId,
		decision.at,
		decision.member,
		decision.role,
		outcome?.deployment ?? '-',
		String(outcome?.status ?? '-'),
		outcome ? formatUsd(outcome.costNanoUsd) : '-',
		outcome ? `${Math.round(outcome.latencyMs)} ms` : '-',
	];
}
