import { readFileSync } from 'node:fs';
import type { Config } from '../contract/config.ts';
import {
  type ConfigProblem,
  formatProblems,
  jsonSyntaxProblem,
  parseConfig,
} from '../contract/config-problems.ts';
import { CommandError } from './exit-codes.ts';

/** The configuration that stands in a file. Throws CommandError with all that is wrong with it. */
export function readConfigFile(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`${file} cannot be read: write one, or name another with --config`);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw configError([jsonSyntaxProblem(text, error)], file);
  }
  const parsed = parseConfig(raw);
  if (!parsed.ok) throw configError(parsed.problems, file);
  return parsed.config;
}

export function configError(problems: readonly ConfigProblem[], file: string): CommandError {
  return new CommandError(formatProblems(problems, file));
}
