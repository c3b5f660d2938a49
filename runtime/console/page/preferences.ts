import { useState } from 'preact/hooks';

/** What the browser remembers for the operator. It may refuse to: then it is for as long as the page is open. */
export function usePreference(name: string, fallback: string): [string, (value: string) => void] {
  const key = `understudy.${name}`;
  const [value, setValue] = useState(() => read(key) ?? fallback);
  return [
    value,
    (next) => {
      setValue(next);
      try {
        localStorage.setItem(key, next);
      } catch {
        // Storage is switched off.
      }
    },
  ];
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
