import type { Config } from '../../runtime/contract/config.ts';
import {
  type ConfigMistake,
  keyText,
  type Path,
  pathsIn,
  valueAt,
} from '../../runtime/contract/config-path.ts';
import { ruleAt, rules } from '../../runtime/contract/config-rules.ts';

/** What is known of a configuration that may have problems already. */
export interface Reading {
  /** What JSON.parse made of the file. */
  readonly raw: unknown;
  /** With all defaults; undefined where the runtime refuses the file. */
  readonly config: Config | undefined;
  /** The keys that have a problem: comparing them too would only report them twice. */
  readonly bad: ReadonlySet<string>;
}

/** One tolerant pass over a file: what has the wrong type is left to the schema. */
export class MistakePass {
  readonly reading: Reading;
  readonly root = rules();
  readonly mistakes: ConfigMistake[] = [];

  constructor(reading: Reading) {
    this.reading = reading;
  }

  report(path: Path, allowed: string, fix: string): void {
    this.mistakes.push({ path, allowed, fix });
  }

  items(list: Path): Path[] {
    return pathsIn(this.reading.raw, list);
  }

  isGiven(path: Path): boolean {
    return valueAt(this.reading.raw, path) !== undefined;
  }

  textAt(path: Path): string | undefined {
    const value = this.valueAt(path);
    return typeof value === 'string' ? value : undefined;
  }

  numberAt(path: Path): number | undefined {
    const value = this.valueAt(path);
    return typeof value === 'number' ? value : undefined;
  }

  /** As given, or else the default of the schema; undefined where there is neither, or the schema has a problem with it. */
  valueOrDefault(path: Path): unknown {
    return this.isGiven(path) ? this.valueAt(path) : ruleAt(this.root, path).default;
  }

  numberOrDefault(path: Path): number | undefined {
    const value = this.valueOrDefault(path);
    return typeof value === 'number' ? value : undefined;
  }

  /** Undefined also where the schema has a problem with it. */
  valueAt(path: Path): unknown {
    return this.reading.bad.has(keyText(path)) ? undefined : valueAt(this.reading.raw, path);
  }

  /** Reports each text that an earlier path has too. */
  reportRepeats(paths: readonly Path[], allowed: string): void {
    const firsts = new Map<string, Path>();
    for (const path of paths) {
      const value = this.textAt(path);
      if (value === undefined) continue;
      const first = firsts.get(value);
      if (first === undefined) firsts.set(value, path);
      else this.report(path, allowed, `Take it out: ${keyText(first)} is the same.`);
    }
  }
}
