/** Reads a configuration, or says all that is wrong with it at once: key, value, what is allowed and the fix. */
import { type Config, configSchema } from './config.ts';
import { crossMistakes } from './config-cross-mistakes.ts';
import { type ConfigMistake, keyText, valueAt } from './config-path.ts';
import { schemaMistakes } from './config-schema-mistakes.ts';
import { HIDDEN, shown } from './config-secrets.ts';
import { findJsonMistake, jsonFix } from './json-mistake.ts';
import { listed, shortened } from './wording.ts';

export interface ConfigProblem {
  /** Where it stands: `failover.failback`, `masters[1].name`. */
  readonly key: string;
  /** What stands there; shortened when printed, and never what may be a secret. */
  readonly value: unknown;
  readonly allowed: string;
  readonly fix: string;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: ConfigProblem[] };

/** `raw` is what JSON.parse made of the file. Reads no file and no environment. */
export function parseConfig(raw: unknown): ParsedConfig {
  const result = configSchema.safeParse(raw);
  const found = new Map<string, ConfigProblem>();
  if (!result.success) {
    for (const mistake of schemaMistakes(raw, result.error.issues)) {
      const problem = problemOf(raw, mistake);
      if (!found.has(problem.key)) found.set(problem.key, problem);
    }
  }
  // Zod runs no refinement on what has another problem, so what one key demands of another is a pass of its own.
  for (const mistake of crossMistakes(raw, new Set(found.keys()))) {
    const problem = problemOf(raw, mistake);
    found.set(problem.key, problem);
  }
  if (result.success && found.size === 0) return { ok: true, config: result.data };
  return { ok: false, problems: [...found.values()] };
}

function problemOf(raw: unknown, { path, allowed, fix }: ConfigMistake): ConfigProblem {
  return { key: keyText(path), value: shown(valueAt(raw, path), path), allowed, fix };
}

/**
 * Where and why JSON.parse refused `text`. The engine's own message is not passed on: Node's quotes the text around the
 * mistake, which may be a key, and where it does so it gives no position.
 */
export function jsonSyntaxProblem(text: string, error: unknown): ConfigProblem {
  const mistake = findJsonMistake(text);
  const given = /position (\d+)/.exec(String(error));
  const offset = mistake?.offset ?? Math.min(Number(given?.[1] ?? text.length), text.length);
  const before = text.slice(0, offset).split('\n');
  const value = text[offset];
  return {
    key: `line ${before.length}, column ${before.at(-1)!.length + 1}`,
    value: value !== undefined && /\w/.test(value) ? HIDDEN : value,
    allowed: mistake === undefined ? 'JSON' : listed(mistake.expected),
    fix: mistake === undefined ? 'Take this character out.' : jsonFix(text, mistake),
  };
}

/** One block a problem, for people. */
export function formatProblems(problems: readonly ConfigProblem[], fileName: string): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const blocks = problems.map(({ key, value, allowed, fix }) =>
    [key, `  given    ${printed(value)}`, `  allowed  ${allowed}`, `  fix      ${fix}`].join('\n'),
  );
  return [`${fileName} has ${count}.`, ...blocks].join('\n\n');
}

function printed(value: unknown): string {
  if (value === undefined) return '(nothing)';
  return value === HIDDEN ? HIDDEN : shortened(JSON.stringify(value));
}
