import { useState } from 'preact/hooks';
import type { ProgramState, SwitchEvent } from '../../contract/control-api.ts';
import { formatMoment } from '../model/format.ts';
import { MAX_SAMPLES } from '../model/history.ts';
import { segmentsOf, type TimeLineEntry, timeLineOf } from '../model/time-line.ts';

export interface TimeLineProps {
  readonly program: ProgramState;
  readonly switches: readonly SwitchEvent[];
  readonly now: number;
}

/** As far back as the plots. */
const STRIP_MS = MAX_SAMPLES * 1_000;
const FEW = 3;

/** Who was on air in the last minutes, and every switch with why and what viewers missed. */
export function TimeLine({ program, switches, now }: TimeLineProps) {
  const [showsAll, setShowsAll] = useState(false);
  const entries = timeLineOf(switches);
  const shown = showsAll ? entries : entries.slice(0, FEW);
  const { name } = program;
  return (
    <div class="time-line">
      <div class="time-line-head">
        <h3>Switches</h3>
        {entries.length > FEW && (
          <button
            type="button"
            class="button button-quiet"
            aria-expanded={showsAll}
            aria-label={showsAll ? `Fewer switches of ${name}` : `All ${entries.length} switches of ${name}`}
            onClick={() => setShowsAll(!showsAll)}
          >
            {showsAll ? 'Fewer' : `All ${entries.length}`}
          </button>
        )}
      </div>
      <div
        class="strip"
        role="img"
        aria-label={`On air in the last 5 minutes: ${summary(program, switches, now)}`}
      >
        {segmentsOf(program, switches, now - STRIP_MS, now).map(({ source, left, width, rank }) => (
          <span
            key={left}
            class={`strip-part strip-${rank}`}
            style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
            title={source ?? 'nothing'}
          />
        ))}
      </div>
      <p class="strip-scale" aria-hidden="true">
        <span>5 min ago</span>
        <span>now</span>
      </p>
      <ol class="switches" aria-label={`Switches of ${name}`}>
        {shown.map((entry) => (
          <Entry key={entry.id} entry={entry} now={now} />
        ))}
      </ol>
    </div>
  );
}

function Entry({ entry, now }: { readonly entry: TimeLineEntry; readonly now: number }) {
  const { at, from, to, cause, hole, measures, viewers } = entry;
  return (
    <li class="switch">
      <span class="switch-time">{formatMoment(at, now)}</span>
      <span class="switch-way">
        {from} <span aria-hidden="true">▸</span>
        <span class="visually-hidden">to</span> <b>{to}</b>
      </span>
      <span class="switch-why" title={measures}>
        {cause} · <span class="switch-cost">{hole}</span> · {viewers}
      </span>
    </li>
  );
}

function summary(program: ProgramState, switches: readonly SwitchEvent[], now: number): string {
  return segmentsOf(program, switches, now - STRIP_MS, now)
    .map(({ source }) => source ?? 'nothing')
    .join(', then ');
}
