import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { HostState } from '../../contract/control-api.ts';
import type { Condition } from '../model/condition.ts';
import type { Access } from '../model/console-state.ts';
import { formatAge, formatBytes, formatCount, formatTime } from '../model/format.ts';
import { Icon } from './icon.tsx';
import { usePreference } from './preferences.ts';

export interface HeaderProps {
  readonly host: HostState;
  readonly now: number;
  readonly overview: Condition;
  readonly access: Access;
  readonly hasPreviews: boolean;
  readonly setPreviews: (on: boolean) => void;
  readonly onLogout: () => Promise<void>;
  /** What has to be said besides. */
  readonly children: ComponentChildren;
}

/** Which host this is, how it is, and what time it has. */
export function Header(props: HeaderProps) {
  const { host, now, overview, access, hasPreviews, setPreviews, onLogout, children } = props;
  const viewers = host.programs.reduce((sum, program) => sum + program.viewers, 0);
  return (
    <header class="header">
      <div class="header-bar">
        <div class="header-host">
          <h1>{host.host}</h1>
          <p class="header-facts">
            Understudy {host.version} · up {formatAge(now - host.startedAt)} ·{' '}
            {formatBytes(host.memory.residentBytes)}
          </p>
        </div>
        <p class={`header-overview tone-${overview.tone}`} role="group" aria-label="Overview">
          <Icon name={overview.tone} />
          {overview.text}
        </p>
        <p class="header-viewers">{formatCount(viewers, 'viewer')}</p>
        {host.state === 'draining' && (
          <p class="header-draining">
            <Icon name="watch" />
            <span>
              <strong>Draining</strong> No new viewers; it ends with the last one
            </span>
          </p>
        )}
        <div class="header-tools">
          {access === 'read' && <p class="header-access">You may look, not touch</p>}
          <label class="toggle" title="A preview is a viewer like any other">
            <input
              type="checkbox"
              checked={hasPreviews}
              onChange={(event) => setPreviews(event.currentTarget.checked)}
            />
            Previews
          </label>
          <LogoutButton onLogout={onLogout} />
          <p class="header-clock" role="group" aria-label="Time of the host">
            {formatTime(now)}
          </p>
        </div>
      </div>
      {children}
    </header>
  );
}

/** Only where somebody logged in: on the host itself nobody need. */
function LogoutButton({ onLogout }: { readonly onLogout: () => Promise<void> }) {
  const [isLoggedIn, setIsLoggedIn] = usePreference('loggedIn', 'no');
  const [isBusy, setIsBusy] = useState(false);
  if (isLoggedIn !== 'yes') return null;
  const logOut = async (): Promise<void> => {
    setIsBusy(true);
    try {
      await onLogout();
      setIsLoggedIn('no');
    } catch {
      setIsBusy(false);
    }
  };
  return (
    <button type="button" class="button button-quiet" disabled={isBusy} onClick={logOut}>
      Log out
    </button>
  );
}
