import { useEffect, useState } from 'preact/hooks';
import type { HostState } from '../../contract/control-api.ts';
import { type Condition, conditionOf, overviewOf } from '../model/condition.ts';
import { type ConsoleState, hostNow } from '../model/console-state.ts';
import { Announcer } from './announcer.tsx';
import { AwayBanner } from './away-banner.tsx';
import { browserClock } from './browser-clock.ts';
import { Header } from './header.tsx';
import { usePreference } from './preferences.ts';
import { ProgramCard } from './program-card.tsx';
import { Relays } from './relays.tsx';
import { useTitle } from './title.ts';

export interface ConsoleProps {
  readonly state: ConsoleState;
  readonly host: HostState;
  /** Asks for the state at once. */
  readonly refresh: () => void;
  readonly onLogout: () => Promise<void>;
}

const TICK_MS = 1_000;
const HOST_AWAY: Condition = { tone: 'hand', text: 'Host away' };

export function Console({ state, host, refresh, onLogout }: ConsoleProps) {
  const [previews, setPreviews] = usePreference('previews', 'on');
  const [operator, setOperator] = usePreference('operator', '');
  const [audible, setAudible] = useState<string | null>(null);
  const browserNow = useNow();
  const isAway = state.awaySince !== null;
  // What is shown of a host that is away is how it was: its countdowns stand still.
  const now = isAway ? host.now : Math.max(host.now, hostNow(state, browserNow));
  const conditions = host.programs.map(conditionOf);
  const overview = isAway ? HOST_AWAY : overviewOf(conditions);
  useTitle(overview, host.host);

  return (
    <div class={isAway ? 'console is-away' : 'console'}>
      <Header
        host={host}
        now={now}
        overview={overview}
        access={state.access ?? 'none'}
        hasPreviews={previews === 'on'}
        setPreviews={(on) => setPreviews(on ? 'on' : 'off')}
        onLogout={onLogout}
      >
        <AwayBanner state={state} host={host} browserNow={browserNow} />
        <Announcer host={host} />
      </Header>
      <main class="programs">
        {host.programs.map((program) => (
          <ProgramCard
            key={program.name}
            program={program}
            host={host}
            now={now}
            switches={state.switches[program.name] ?? []}
            history={state.history}
            canCommand={state.access === 'full' && !isAway}
            isAway={isAway}
            hasPreview={previews === 'on'}
            isAudible={audible === program.name}
            setAudible={(on) => setAudible(on ? program.name : null)}
            hostTime={() => hostNow(state, browserClock.now())}
            operator={operator}
            setOperator={setOperator}
            refresh={refresh}
          />
        ))}
        <Relays relays={host.relays} now={now} />
      </main>
    </div>
  );
}

/** The browser's clock, each second. */
function useNow(): number {
  const [now, setNow] = useState(browserClock.now());
  useEffect(() => browserClock.every(TICK_MS, () => setNow(browserClock.now())), []);
  return now;
}
