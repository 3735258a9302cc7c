/** A dry run: a request is pasted, and the box says where it would go and why, without sending or holding anything. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ExplainReport, ExplainRequest } from '../../../../protocol/admin.ts';
import { DIALECTS, type DialectName } from '../../../../protocol/words.ts';
import { ApiError, post } from '../api.ts';
import * as format from '../format.ts';
import { Card, Facts } from '../ui/basics.tsx';
import { Field, Form, type Values } from '../ui/form.tsx';
import { Failure } from '../ui/states.tsx';
import { DecisionCards } from './call-detail.tsx';

const SAMPLE = JSON.stringify(
	{ model: 'innerloop', max_tokens: 1024, messages: [{ role: 'user', content: 'Which files import the router?' }] },
	undefined,
	2,
);

export function DryRun(): JSX.Element {
	const [report, setReport] = useState<ExplainReport>();
	const run = async (values: Values) => setReport(await post<ExplainReport>('/explain', requestOf(values)));
	return (
		<>
			<Card title="Where would this go?" aside={<span class="quiet">nothing is sent, nothing is held</span>}>
				<Form action="Decide" onSubmit={run}>
					<div class="fields">
						<Field label="Dialect" hint="the wire language of the body">
							{(control) => (
								<select {...control} name="dialect">
									{DIALECTS.map((name) => (
										<option key={name} value={name}>
											{name}
										</option>
									))}
								</select>
							)}
						</Field>
						<Field label="Headers" hint="one a line: x-innerloop-role: inner">
							{(control) => <textarea {...control} name="headers" rows={2} />}
						</Field>
					</div>
					<Field label="Body">{(control) => <textarea {...control} name="body" rows={9} defaultValue={SAMPLE} spellcheck={false} />}</Field>
				</Form>
			</Card>
			<div aria-live="polite">{report !== undefined && <Decided report={report} />}</div>
		</>
	);
}

function Decided({ report: { decision, problem } }: { readonly report: ExplainReport }): JSX.Element {
	const [first] = decision.candidates;
	return (
		<>
			<Card title="Decision">
				{problem !== undefined && <Failure message={problem.message} />}
				<Facts
					rows={[
						['Role', decision.role],
						['Would go to', first?.deployment ?? 'nobody'],
						['Would set aside', format.usd(decision.reservedNanoUsd)],
						['Asked for', decision.requestedModel],
					]}
				/>
			</Card>
			<DecisionCards decision={decision} chosen={undefined} />
		</>
	);
}

function requestOf({ dialect = '', headers = '', body = '' }: Values): ExplainRequest {
	const lines = headers.split('\n').filter((line) => line.trim() !== '');
	const pairs = lines.map((line) => {
		const at = line.indexOf(':');
		if (at < 1) throw new ApiError(0, `“${line}” is no header: write name: value.`);
		return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
	});
	return { dialect: dialect as DialectName, headers: Object.fromEntries(pairs), body };
}
