import { useEffect, useRef, useState } from 'preact/hooks';
import { browserClock } from './browser-clock.ts';

const SHOWN_MS = 2_000;

/** A text to take away. */
export function CopyField({ label, value }: { readonly label: string; readonly value: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState('');
  useEffect(
    () => (outcome === '' ? undefined : browserClock.after(SHOWN_MS, () => setOutcome(''))),
    [outcome],
  );
  const copy = async (): Promise<void> => {
    setOutcome((await copyText(value, field.current)) ? 'Copied' : 'Press Ctrl-C');
  };
  return (
    <div class="copy-field">
      <input
        ref={field}
        readOnly
        value={value}
        aria-label={label}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" class="button" aria-label={`Copy ${label}`} onClick={copy}>
        <span role="status">{outcome === '' ? 'Copy' : outcome}</span>
      </button>
    </div>
  );
}

/** Browsers keep the clipboard from pages that came without TLS, but for the old way, by a selection. */
async function copyText(text: string, field: HTMLInputElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field?.focus();
    field?.select();
    return document.execCommand('copy');
  }
}
