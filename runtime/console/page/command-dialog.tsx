import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ProgramState } from '../../contract/control-api.ts';
import { type Asked, DEFAULT_OPERATOR } from '../model/commands.ts';
import type { Consequences } from '../model/consequences.ts';
import { api } from './api.ts';

export interface CommandDialogProps {
  readonly command: 'switch' | 'release' | 'drill';
  readonly consequences: Consequences;
  readonly request: (asked: Asked) => object;
  readonly program: ProgramState;
  /** The host's clock: commands are numbered by it. */
  readonly hostTime: () => number;
  readonly operator: string;
  readonly setOperator: (name: string) => void;
  readonly onDone: () => void;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** Says what a command will do, and gives it when confirmed. What it says follows the state: it is true when it is read. */
export function CommandDialog(props: CommandDialogProps) {
  const { command, consequences, request, program, hostTime, operator, setOperator } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const id = useId();
  const [by, setBy] = useState(operator);
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setIsBusy] = useState(false);

  useEffect(() => {
    // Where nobody has said who they are, that is asked first; else nothing happens by an Enter too many.
    dialog.current?.showModal();
    if (operator === '') name.current?.focus();
    else cancel.current?.focus();
  }, []);

  const confirm = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setIsBusy(true);
    setProblem('');
    setOperator(by.trim());
    try {
      const answer = await api.command(program.name, command, request({ by, reason, hostNow: hostTime() }));
      props.onDone();
      if (answer.outcome === 'done' || answer.outcome === 'repeated') dialog.current?.close();
      else setProblem(`Not done (${answer.outcome}): ${answer.why ?? 'the host does not say why'}`);
    } catch (error) {
      setProblem(describe(error));
    }
    setIsBusy(false);
  };

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={`${id}-title`} onClose={props.onClose}>
      <form onSubmit={confirm}>
        <h2 id={`${id}-title`}>{consequences.title}</h2>
        {consequences.text.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {consequences.caution !== null && <p class="caution">{consequences.caution}</p>}
        {props.children}
        <div class="dialog-asker">
          <label>
            Your name
            <input
              ref={name}
              value={by}
              maxlength={200}
              autocomplete="name"
              placeholder={DEFAULT_OPERATOR}
              onInput={(event) => setBy(event.currentTarget.value)}
            />
          </label>
          <label>
            Reason
            <input
              value={reason}
              maxlength={500}
              placeholder="for the record"
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        </div>
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="dialog-buttons">
          <button ref={cancel} type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button button-primary" disabled={isBusy}>
            {isBusy ? 'Asking the host…' : consequences.confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function describe(error: unknown): string {
  // A request that was cut off may have arrived: the card says what became of it.
  if (error instanceof Error && (error.name === 'TimeoutError' || error instanceof TypeError)) {
    return 'The host did not answer. It may have done it: look at the card before you try again.';
  }
  return error instanceof Error ? error.message : String(error);
}
