/** Places in a configuration file: how they are named, and what stands there. */
import { textWithoutSecrets } from './config-secrets.ts';
import { shortened } from './wording.ts';

/** `['masters', 1, 'name']` is the name of the second master. */
export type Path = readonly (string | number)[];

/** What is wrong at one place. */
export interface ConfigMistake {
  readonly path: Path;
  readonly allowed: string;
  readonly fix: string;
}

/** `masters[1].name` */
export function keyText(path: Path): string {
  const text = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[\w$]{1,64}$/.test(step)
      ? `.${step}`
      : `[${JSON.stringify(shortened(textWithoutSecrets(step)))}]`;
  });
  return text.join('').replace(/^\./, '') || '(the file)';
}

/** `raw` is what JSON.parse made of the file; undefined where nothing stands. */
export function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    raw,
  );
}

/** The paths of a list's items; none where there is no list. */
export function pathsIn(raw: unknown, list: Path): Path[] {
  const items = valueAt(raw, list);
  return Array.isArray(items) ? [...items.keys()].map((index) => [...list, index]) : [];
}
