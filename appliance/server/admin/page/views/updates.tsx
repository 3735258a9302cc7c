/** Updates of the box's program: what runs, what is offered, and the way to it and back. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { UpdateReport } from '../../../../protocol/admin.ts';
import { get, post } from '../api.ts';
import { Badge, Card, Facts } from '../ui/basics.tsx';
import { Dialog, Form, type Values } from '../ui/form.tsx';
import { useResource } from '../ui/resource.ts';
import { Shown } from '../ui/states.tsx';

/** An update takes minutes, and the box is away for some seconds of it. */
const LOOK_EVERY_MS = 5_000;

type Action = 'check' | 'apply' | 'rollback';

export function Updates(): JSX.Element {
	const found = useResource(() => get<UpdateReport>('/update'), 'update');
	const isUnderWay = found.value?.isRequested === true;
	useEffect(() => {
		if (!isUnderWay) return undefined;
		const timer = setInterval(found.reload, LOOK_EVERY_MS);
		return () => clearInterval(timer);
	}, [isUnderWay, found.reload]);
	return (
		<Card title="Updates" aside={found.value && <State report={found.value} />}>
			<Shown of={found} what="the releases">
				{(report) => (report.isManaged ? <Releases report={report} onAsked={found.reload} /> : <NotManaged />)}
			</Shown>
		</Card>
	);
}

function State({ report: { isRequested, isNewer, offered } }: { readonly report: UpdateReport }): JSX.Element | null {
	if (isRequested) return <Badge tone="warn">under way</Badge>;
	return isNewer ? <Badge tone="good">{offered} is offered</Badge> : null;
}

function NotManaged(): JSX.Element {
	return (
		<p class="quiet">
			This box was not made from the image, so nothing is updated from here: bring the new version as you brought this one, and start it.
		</p>
	);
}

interface ReleasesProps {
	readonly report: UpdateReport;
	readonly onAsked: () => void;
}

function Releases({ report, onAsked }: ReleasesProps): JSX.Element {
	const { running, other, offered, isNewer, checkFailure, last, isRequested, hasSource } = report;
	const [asking, setAsking] = useState<Exclude<Action, 'check'>>();
	const ask = async (action: Action, mayRestore = false) => {
		await post('/update', { action, mayRestore });
		setAsking(undefined);
		onAsked();
	};
	return (
		<>
			<Facts
				rows={[
					['Running', running ?? 'not known'],
					['Offered', offered === undefined ? 'not asked yet' : isNewer ? offered : `${offered}: nothing newer`],
					['In the other slot', other ?? 'nothing'],
					['Last change', last === undefined ? 'none' : `${last.version} ${last.outcome}`],
				]}
			/>
			<div aria-live="polite">
				{isRequested && <p class="quiet">The box is at it. It is away for some seconds while it changes; this page waits for it.</p>}
				{last?.reason !== undefined && <p class="form-failure">{last.reason}</p>}
				{checkFailure !== undefined && <p class="form-failure">{checkFailure}</p>}
			</div>
			{!hasSource && (
				<p class="quiet small-text">
					No source of releases is configured: <code>update.source</code> under Tiers, Configuration. Until then nobody is asked.
				</p>
			)}
			<Form
				action="Look for an update"
				onSubmit={() => ask('check')}
				aside={
					<>
						{isNewer && (
							<button type="button" disabled={isRequested} onClick={() => setAsking('apply')}>
								Install {offered}
							</button>
						)}
						{other !== undefined && (
							<button type="button" class="ghost" disabled={isRequested} onClick={() => setAsking('rollback')}>
								Go back to {other}
							</button>
						)}
					</>
				}
			>
				{null}
			</Form>
			{asking !== undefined && <Confirm action={asking} report={report} onClose={() => setAsking(undefined)} onSure={ask} />}
		</>
	);
}

interface ConfirmProps {
	readonly action: Exclude<Action, 'check'>;
	readonly report: UpdateReport;
	readonly onClose: () => void;
	readonly onSure: (action: Action, mayRestore: boolean) => Promise<void>;
}

function Confirm({ action, report: { offered, other }, onClose, onSure }: ConfirmProps): JSX.Element {
	const isApply = action === 'apply';
	return (
		<Dialog title={isApply ? `Install ${offered}?` : `Go back to ${other}?`} onClose={onClose}>
			<Form
				action={isApply ? 'Install it' : 'Go back'}
				isDanger={!isApply}
				onSubmit={({ mayRestore }: Values) => onSure(action, mayRestore === 'on')}
			>
				<p class="lead">
					Calls that run are given their time to end; the box is away for some seconds.
					{isApply && ' A release that does not become healthy is taken back by itself.'}
				</p>
				{!isApply && (
					<label class="check">
						<input type="checkbox" name="mayRestore" /> If the update changed the database, put the copy from before it back: what was
						recorded since is lost then
					</label>
				)}
			</Form>
		</Dialog>
	);
}
