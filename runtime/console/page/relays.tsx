import type { RelayState } from '../../contract/control-api.ts';
import { formatAge, formatBytes, formatCount } from '../model/format.ts';
import { Icon, type IconName } from './icon.tsx';

const DIRECTIONS: Record<RelayState['kind'], string> = { push: 'to', pull: 'from', pulled: 'taken by' };
const STATE_ICONS: Record<RelayState['state'], IconName> = {
  connecting: 'starting',
  open: 'live',
  lost: 'absent',
};

/** The connections between this host and the others. */
export function Relays({ relays, now }: { readonly relays: readonly RelayState[]; readonly now: number }) {
  if (relays.length === 0) return null;
  return (
    <section class="card relays" aria-labelledby="relays-title">
      <h2 id="relays-title">Relays</h2>
      <ul>
        {relays.map((relay) => (
          <li key={`${relay.kind} ${relay.input} ${relay.host}`} class={`relay relay-${relay.state}`}>
            <span class="relay-input">{relay.input}</span>
            <span>
              {DIRECTIONS[relay.kind]} {relay.host}
            </span>
            <span class="relay-state">
              <Icon name={STATE_ICONS[relay.state]} />
              {relay.state} {formatAge(now - relay.since)}
              {relay.detail !== '' && ` · ${relay.detail}`}
            </span>
            <span class="relay-figures">
              {relay.sentBytes !== null && `${formatBytes(relay.sentBytes)} sent`}
              {relay.skips !== null && relay.skips > 0 && ` · ${formatCount(relay.skips, 'skip')}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
