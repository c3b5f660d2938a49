import type { ComponentChildren } from 'preact';
import type { ProgramState } from '../../contract/control-api.ts';
import { type Condition, toneOnAir } from '../model/condition.ts';
import { formatAge } from '../model/format.ts';
import { Icon } from './icon.tsx';

export interface OnAirProps {
  readonly program: ProgramState;
  readonly condition: Condition;
  readonly now: number;
  /** The buttons. */
  readonly children: ComponentChildren;
}

/** The head of a card: what must be read from two metres away. */
export function OnAir({ program, condition, now, children }: OnAirProps) {
  const { name, onAir, onAirSince, pending, viewers, viewerSkips } = program;
  return (
    <div class="program-head">
      <h2>{name}</h2>
      <div class="on-air" role="group" aria-label="On air">
        <span class={`on-air-label tone-${toneOnAir(program)}`}>{onAir === null ? 'Off air' : 'On air'}</span>
        <strong class="on-air-source">{onAir ?? (program.isResting ? 'resting' : 'nothing')}</strong>
        {onAirSince !== null && <span class="on-air-since">{formatAge(now - onAirSince)}</span>}
        {pending !== null && <span class="on-air-pending">▸ {pending} at its next keyframe</span>}
      </div>
      <p class="condition" role="group" aria-label="Condition">
        <Icon name={condition.tone} />
        <span>{condition.text}</span>
      </p>
      <div class="program-side">
        <p class="viewers" role="group" aria-label="Viewers">
          <strong>{viewers.toLocaleString('en-GB')}</strong> {viewers === 1 ? 'viewer' : 'viewers'}
          {viewerSkips > 0 && <span class="viewers-skips">{viewerSkips.toLocaleString('en-GB')} skips</span>}
        </p>
        <div class="program-buttons">{children}</div>
      </div>
    </div>
  );
}
