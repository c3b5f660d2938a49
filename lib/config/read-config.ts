import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../../runtime/contract/config.ts';
import { keyText, valueAt } from '../../runtime/contract/config-path.ts';
import {
  type ConfigProblem,
  formatProblems,
  jsonSyntaxProblem,
  parseConfig,
} from '../../runtime/contract/config-problems.ts';
import { shown } from '../../runtime/contract/config-secrets.ts';
import { awsMistakes } from './aws-mistakes.ts';

export type DeploymentConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * Reads `understudy.config.json` for a deployment on AWS. Throws an error whose message lists all problems at once, those of
 * the runtime's schema and those of AWS.
 */
export function readConfig(path: string): Config {
  const text = readText(path);
  const parsed = parseDeployment(text);
  if (parsed.ok) return parsed.config;
  throw new Error(formatProblems(parsed.problems, basename(path)));
}

/** `text` is what stands in the file. Reads no file and no environment. */
export function parseDeployment(text: string): DeploymentConfig {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { ok: false, problems: [jsonSyntaxProblem(text, error)] };
  }
  const parsed = parseConfig(withoutHosts(raw));
  const problems = new Map((parsed.ok ? [] : parsed.problems).map((problem) => [problem.key, problem]));
  // What AWS demands comes on top: of one key, the runtime's problem is told first, and alone.
  const mistakes = awsMistakes({
    raw,
    config: parsed.ok ? parsed.config : undefined,
    bad: new Set(problems.keys()),
  });
  for (const { path, allowed, fix } of mistakes) {
    const key = keyText(path);
    if (problems.has(key)) continue;
    problems.set(key, { key, value: shown(valueAt(raw, path), path), allowed, fix });
  }
  if (parsed.ok && problems.size === 0) return parsed;
  return { ok: false, problems: [...problems.values()] };
}

/** Hosts in the file are refused as a whole (fixed-mistakes.ts): what they would demand of other keys is not said too. */
function withoutHosts(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([key]) => key !== 'hosts' && key !== 'host'));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path} cannot be read: write it, as docs/configuration.md shows.`, { cause });
  }
}
