import type { HostState } from '../../contract/control-api.ts';
import type { ConsoleState } from '../model/console-state.ts';
import { formatAge, formatTime } from '../model/format.ts';
import { Icon } from './icon.tsx';

export interface AwayBannerProps {
  readonly state: ConsoleState;
  readonly host: HostState;
  readonly browserNow: number;
}

/** Says that the host is away, or that it is not the one that this page came from. */
export function AwayBanner({ state, host, browserNow }: AwayBannerProps) {
  const { awaySince, seenAt, pageVersion } = state;
  const isUpdated = pageVersion !== null && pageVersion !== host.version;
  return (
    <>
      <div class={awaySince === null ? '' : 'banner banner-hand'}>
        <p role="alert" aria-label="Connection">
          {awaySince !== null && (
            <>
              <Icon name="hand" /> <strong>{host.host} does not answer.</strong> Below is how it was at{' '}
              {formatTime((seenAt ?? awaySince) + state.clockOffsetMs)}. Trying again every second.
            </>
          )}
        </p>
        {awaySince !== null && <p class="banner-age">No answer for {formatAge(browserNow - awaySince)}</p>}
      </div>
      {isUpdated && awaySince === null && (
        <p class="banner banner-watch" role="status">
          <Icon name="watch" />
          The host runs version {host.version} now; this page is of {pageVersion}.
          <button type="button" class="button" onClick={() => location.reload()}>
            Load the new page
          </button>
        </p>
      )}
    </>
  );
}
