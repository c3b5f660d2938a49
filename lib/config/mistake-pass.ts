import type { Config } from '../../runtime/contract/config.ts';
import { isGiven, numberAt, type Pass, repeats, textAt } from '../../runtime/contract/config-pass.ts';
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

/** The runtime's pass over a configuration, with what it found so far. */
export class MistakePass implements Pass {
  readonly reading: Reading;
  readonly raw: unknown;
  readonly bad: ReadonlySet<string>;
  readonly root = rules();
  readonly mistakes: ConfigMistake[] = [];

  constructor(reading: Reading) {
    this.reading = reading;
    this.raw = reading.raw;
    this.bad = reading.bad;
  }

  report(path: Path, allowed: string, fix: string): void {
    this.mistakes.push({ path, allowed, fix });
  }

  items(list: Path): Path[] {
    return pathsIn(this.raw, list);
  }

  isGiven(path: Path): boolean {
    return isGiven(this, path);
  }

  textAt(path: Path): string | undefined {
    return textAt(this, path);
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
    return numberAt(this, path);
  }

  /** Undefined also where the schema has a problem with it. */
  valueAt(path: Path): unknown {
    return this.bad.has(keyText(path)) ? undefined : valueAt(this.raw, path);
  }

  /** Reports each text that an earlier path has too. */
  reportRepeats(paths: readonly Path[], allowed: string): void {
    for (const [path, first] of repeats(paths, (one) => this.textAt(one))) {
      this.report(path, allowed, `Take it out: ${keyText(first)} is the same.`);
    }
  }
}
