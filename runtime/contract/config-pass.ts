/** One tolerant pass over a raw configuration, for what one key demands of another. */
import { NAME_PATTERN } from './config.ts';
import { keyText, type Path, pathsIn, valueAt } from './config-path.ts';
import { type Rule, ruleAt } from './config-rules.ts';

/** A listener on port 0 gets any free port, so two of them do not meet. */
export const ANY_PORT = 0;

/** One tolerant pass over the raw file: what has the wrong type is left to the schema. */
export interface Pass {
  readonly raw: unknown;
  readonly root: Rule;
  readonly bad: ReadonlySet<string>;
  readonly report: (path: Path, allowed: string, fix: string) => void;
}

/** Each path whose value an earlier one has too, with that earlier one. */
export function repeats(paths: readonly Path[], read: (path: Path) => unknown): [path: Path, first: Path][] {
  const firsts = new Map<unknown, Path>();
  return paths.flatMap((path): [Path, Path][] => {
    const value = read(path);
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, path);
    return value === undefined || first === undefined ? [] : [[path, first]];
  });
}

export function inputsOf(raw: unknown): string[] {
  return [...inputNames(raw, 'masters', 'master/'), ...inputNames(raw, 'backups', 'backup/')];
}

export function inputNames(raw: unknown, list: string, prefix: string): string[] {
  const names = pathsIn(raw, [list]).map((item) => valueAt(raw, [...item, 'name']));
  return names.flatMap((name) =>
    typeof name === 'string' && NAME_PATTERN.test(name) ? [prefix + name] : [],
  );
}

export function isGiven(pass: Pass, path: Path): boolean {
  return valueAt(pass.raw, path) !== undefined;
}

export function textAt(pass: Pass, path: Path): string | undefined {
  const value = valueAt(pass.raw, path);
  return typeof value === 'string' && !pass.bad.has(keyText(path)) ? value : undefined;
}

/** A number as given, or else its default; nothing where the schema has a problem with it. */
export function numberAt(pass: Pass, path: Path): number | undefined {
  const value = valueAt(pass.raw, path) ?? ruleAt(pass.root, path).default;
  return typeof value === 'number' && !pass.bad.has(keyText(path)) ? value : undefined;
}
