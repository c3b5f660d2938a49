import { useId, useState } from 'preact/hooks';
import type { HostState, ProgramState, SwitchEvent } from '../../contract/control-api.ts';
import { conditionOf } from '../model/condition.ts';
import type { History } from '../model/history.ts';
import { Addresses } from './addresses.tsx';
import { CandidateRow } from './candidate-row.tsx';
import { Icon } from './icon.tsx';
import { OnAir } from './on-air.tsx';
import { Orders } from './orders.tsx';
import { Preview } from './preview.tsx';
import { type Asking, ProgramDialog } from './program-dialog.tsx';
import { TimeLine } from './time-line.tsx';

export interface ProgramCardProps {
  readonly program: ProgramState;
  readonly host: HostState;
  readonly now: number;
  readonly switches: readonly SwitchEvent[];
  readonly history: History | null;
  readonly canCommand: boolean;
  readonly isAway: boolean;
  readonly hasPreview: boolean;
  readonly isAudible: boolean;
  readonly setAudible: (on: boolean) => void;
  /** The host's clock, to the millisecond. */
  readonly hostTime: () => number;
  readonly operator: string;
  readonly setOperator: (name: string) => void;
  readonly refresh: () => void;
}

/** All of one program. */
export function ProgramCard(props: ProgramCardProps) {
  const { program, host, now, switches, history, canCommand } = props;
  const [asking, setAsking] = useState<Asking | null>(null);
  const [hasAddresses, setHasAddresses] = useState(false);
  const addressesId = useId();
  const condition = conditionOf(program);
  const inputs = new Map(host.inputs.map((input) => [input.name, input]));

  return (
    <section class={`card program tone-${condition.tone}`} aria-label={`Program ${program.name}`}>
      <OnAir program={program} condition={condition} now={now}>
        <button
          type="button"
          class="button button-quiet"
          aria-label={`Addresses of ${program.name}`}
          aria-expanded={hasAddresses}
          aria-controls={hasAddresses ? addressesId : undefined}
          onClick={() => setHasAddresses(!hasAddresses)}
        >
          Addresses
        </button>
        {canCommand && (
          <button
            type="button"
            class="button"
            aria-label={`Drill ${program.name}`}
            disabled={program.onAir === null || program.onAir === 'slate' || program.drill !== null}
            onClick={() => setAsking({ command: 'drill' })}
          >
            Drill…
          </button>
        )}
      </OnAir>
      {hasAddresses && <Addresses id={addressesId} program={program} host={host} />}
      <Orders program={program} now={now} canCommand={canCommand} ask={setAsking} />
      {program.warnings.length > 0 && (
        <div class="warnings">
          <Icon name="watch" />
          <ul aria-label={`Preflight of ${program.name}`}>
            {program.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="program-body">
        <Preview
          program={program}
          onAir={program.onAir === null ? undefined : inputs.get(program.onAir)}
          isWanted={props.hasPreview}
          isAway={props.isAway}
          isAudible={props.isAudible}
          setAudible={props.setAudible}
        />
        <ul class="candidates" aria-label={`Candidates of ${program.name}`}>
          {program.candidates.map(({ name }) => {
            const input = inputs.get(name);
            return (
              input && (
                <CandidateRow
                  key={name}
                  program={program}
                  input={input}
                  now={now}
                  history={history}
                  canCommand={canCommand}
                  ask={setAsking}
                />
              )
            );
          })}
        </ul>
        <TimeLine program={program} switches={switches} now={now} />
      </div>
      {asking !== null && (
        <ProgramDialog
          asking={asking}
          program={program}
          now={now}
          hostTime={props.hostTime}
          operator={props.operator}
          setOperator={props.setOperator}
          onDone={props.refresh}
          onClose={() => setAsking(null)}
        />
      )}
    </section>
  );
}
