import { useId } from 'preact/hooks';

export interface ChoiceProps<T extends string | number> {
  readonly label: string;
  readonly value: T;
  readonly options: ReadonlyArray<{ readonly value: T; readonly label: string }>;
  readonly onChange: (value: T) => void;
  readonly note?: string;
}

/** One of a few: all of them to be seen, and arrow keys to go through them. */
export function Choice<T extends string | number>({ label, value, options, onChange, note }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-options">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
        {note !== undefined && <span class="choice-note">{note}</span>}
      </div>
    </fieldset>
  );
}
