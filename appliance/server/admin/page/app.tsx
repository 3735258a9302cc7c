/** The frame: who is here, the way between the views, and the view itself. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AccountRole, Who } from '../../../protocol/access.ts';
import { refreshSession, say, session, signOut } from './api.ts';
import { Door } from './first/door.tsx';
import { Welcome } from './first/welcome.tsx';
import { follow } from './live.ts';
import { route } from './router.ts';
import { Icon, type IconName } from './ui/icons.tsx';
import { Failure, Loading } from './ui/states.tsx';
import { ThemeButton } from './ui/theme-button.tsx';
import { BoxView } from './views/box.tsx';
import { Calls } from './views/calls.tsx';
import { Money } from './views/money.tsx';
import { Now } from './views/now.tsx';
import { Team } from './views/team.tsx';
import { Tiers } from './views/tiers.tsx';

interface View {
	readonly path: string;
	readonly name: string;
	readonly icon: IconName;
	readonly show: () => JSX.Element;
	/** Who finds something there. */
	readonly roles: readonly AccountRole[];
}

const ALL: readonly AccountRole[] = ['owner', 'member', 'viewer'];

const VIEWS: readonly View[] = [
	{ path: 'now', name: 'Now', icon: 'now', show: Now, roles: ALL },
	{ path: 'money', name: 'Money', icon: 'money', show: Money, roles: ALL },
	{ path: 'calls', name: 'Calls', icon: 'calls', show: Calls, roles: ALL },
	{ path: 'team', name: 'Team', icon: 'team', show: Team, roles: ['owner'] },
	{ path: 'tiers', name: 'Tiers', icon: 'tiers', show: Tiers, roles: ALL },
	{ path: 'box', name: 'Box', icon: 'box', show: BoxView, roles: ALL },
];

export function App(): JSX.Element {
	const [failure, setFailure] = useState<string>();
	const ask = () => {
		setFailure(undefined);
		refreshSession().catch((error: unknown) => setFailure(say(error)));
	};
	useEffect(ask, []);
	if (session.value === undefined)
		return <main class="door">{failure === undefined ? <Loading what="the page" /> : <Failure message={failure} onRetry={ask} />}</main>;
	const { who } = session.value;
	if (who === undefined) return <Door report={session.value} />;
	return route.value.view === 'welcome' && who.role === 'owner' ? <Welcome /> : <Frame who={who} />;
}

function Frame({ who }: { readonly who: Who }): JSX.Element {
	useEffect(follow, [who.memberId, who.role]);
	const views = VIEWS.filter(({ roles }) => roles.includes(who.role));
	const view = views.find(({ path }) => path === route.value.view);
	return (
		<div class="frame">
			<button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
				Skip to the content
			</button>
			<Side views={views} current={view?.path} who={who} />
			<main id="content" tabIndex={-1}>
				{view === undefined ? <Failure message={`There is no view “${route.value.view}”.`} /> : <view.show key={view.path} />}
			</main>
		</div>
	);
}

interface SideProps {
	readonly views: readonly View[];
	readonly current: string | undefined;
	readonly who: Who;
}

function Side({ views, current, who }: SideProps): JSX.Element {
	return (
		<header class="side">
			<div class="brand">
				<img src="/admin/assets/icon.svg" alt="" width={28} height={28} />
				<span>Innerloop</span>
			</div>
			<nav aria-label="Views">
				<ul>
					{views.map(({ path, name, icon }) => (
						<li key={path}>
							<a href={`#/${path}`} aria-current={current === path ? 'page' : undefined}>
								<Icon name={icon} />
								<span>{name}</span>
							</a>
						</li>
					))}
				</ul>
			</nav>
			<div class="who">
				<div class="who-name">
					<strong>{who.name}</strong>
					<span class="quiet">{who.role}</span>
				</div>
				<ThemeButton />
				<button type="button" class="ghost icon-only" aria-label="Sign out" title="Sign out" onClick={() => void signOut()}>
					<Icon name="leave" />
				</button>
			</div>
		</header>
	);
}
