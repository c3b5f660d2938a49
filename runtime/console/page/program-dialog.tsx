import { useState } from 'preact/hooks';
import type { ProgramState } from '../../contract/control-api.ts';
import {
  DEFAULT_DRILL_MS,
  DEFAULT_PIN_MS,
  DRILL_LENGTHS_MS,
  drillRequestOf,
  PIN_LENGTHS_MS,
  releaseRequestOf,
  switchRequestOf,
} from '../model/commands.ts';
import { ofDrill, ofRelease, ofSwitch } from '../model/consequences.ts';
import { formatLength, formatTime } from '../model/format.ts';
import { Choice } from './choice.tsx';
import { CommandDialog } from './command-dialog.tsx';

/** A command that somebody is about to give. */
export type Asking =
  | { readonly command: 'switch'; readonly source: string }
  | { readonly command: 'release' }
  | { readonly command: 'drill' };

export interface ProgramDialogProps {
  readonly asking: Asking;
  readonly program: ProgramState;
  /** The host's clock, to the second, and to the millisecond. */
  readonly now: number;
  readonly hostTime: () => number;
  readonly operator: string;
  readonly setOperator: (name: string) => void;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** The dialog of each command. */
export function ProgramDialog({ asking, ...rest }: ProgramDialogProps) {
  switch (asking.command) {
    case 'switch':
      return <SwitchDialog {...rest} source={asking.source} />;
    case 'release':
      return (
        <CommandDialog
          {...rest}
          command="release"
          consequences={ofRelease(rest.program)}
          request={releaseRequestOf}
        />
      );
    case 'drill':
      return <DrillDialog {...rest} />;
  }
}

type DialogProps = Omit<ProgramDialogProps, 'asking'>;

function SwitchDialog({ source, ...rest }: DialogProps & { readonly source: string }) {
  const [lengthMs, setLengthMs] = useState(DEFAULT_PIN_MS);
  return (
    <CommandDialog
      {...rest}
      command="switch"
      consequences={ofSwitch(rest.program, source, lengthMs)}
      request={(asked) => switchRequestOf(asked, source, lengthMs)}
    >
      <Choice
        label="Pinned for"
        value={lengthMs}
        options={PIN_LENGTHS_MS.map((value) => ({ value, label: formatLength(value) }))}
        onChange={setLengthMs}
        note={`until ${formatTime(rest.now + lengthMs)}`}
      />
    </CommandDialog>
  );
}

function DrillDialog(props: DialogProps) {
  const [kind, setKind] = useState<'unpublish' | 'stall'>('unpublish');
  const [lengthMs, setLengthMs] = useState(DEFAULT_DRILL_MS);
  return (
    <CommandDialog
      {...props}
      command="drill"
      consequences={ofDrill(props.program, kind, lengthMs)}
      request={(asked) => drillRequestOf(asked, kind, lengthMs)}
    >
      <Choice
        label="How it dies"
        value={kind}
        options={[
          { value: 'unpublish', label: 'it leaves' },
          { value: 'stall', label: 'it freezes' },
        ]}
        onChange={setKind}
      />
      <Choice
        label="For"
        value={lengthMs}
        options={DRILL_LENGTHS_MS.map((value) => ({ value, label: formatLength(value) }))}
        onChange={setLengthMs}
      />
    </CommandDialog>
  );
}
