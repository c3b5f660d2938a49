import type { ProgramState } from '../../contract/control-api.ts';
import { formatLeft, formatMoment } from '../model/format.ts';
import { Icon } from './icon.tsx';
import type { Asking } from './program-dialog.tsx';

export interface OrdersProps {
  readonly program: ProgramState;
  readonly now: number;
  readonly canCommand: boolean;
  readonly ask: (asking: Asking) => void;
}

/** The pin and the drill that a program is under: who, why, until when; and the way out. */
export function Orders({ program, now, canCommand, ask }: OrdersProps) {
  const { name, pin, drill } = program;
  if (pin === null && drill === null) return null;
  return (
    <div class="orders" role="group" aria-label={`Orders for ${name}`}>
      {pin !== null && (
        <p>
          <Icon name="pin" />
          <strong>Pinned to {pin.source}</strong> by {pin.by}
          {pin.automatic && ' (a function)'}
          {pin.reason !== '' && `: ${pin.reason}`} · until {formatMoment(pin.expiresAt, now)}, for{' '}
          {formatLeft(pin.expiresAt - now)} more
        </p>
      )}
      {drill !== null && (
        <p>
          <Icon name="watch" />
          <strong>Drill</strong> by {drill.by}: {drill.source} plays dead for {formatLeft(drill.endsAt - now)}{' '}
          more
        </p>
      )}
      {canCommand && (
        <button
          type="button"
          class="button"
          aria-label={`Release ${name}`}
          onClick={() => ask({ command: 'release' })}
        >
          Release…
        </button>
      )}
    </div>
  );
}
