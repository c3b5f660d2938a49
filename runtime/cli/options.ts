import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from './duration.ts';

const DEFAULT_CONFIG_FILE = 'understudy.config.json';
const DEFAULT_STALL_TIMEOUT_MS = 500;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/;

// What several commands take.

export function configOption(): Option {
  return new Option('--config <file>', 'the configuration')
    .default(DEFAULT_CONFIG_FILE)
    .env('UNDERSTUDY_CONFIG');
}

export function hostOption(): Option {
  return new Option(
    '--host <name>',
    'which of the "hosts" this one is (default: UNDERSTUDY_HOST, or "host")',
  );
}

export function stallOption(): Option {
  return new Option('--stall-timeout <time>', "the host's stall time-out: what a stall may cost")
    .argParser(durationArgument)
    .default(DEFAULT_STALL_TIMEOUT_MS, '500ms');
}

export function durationArgument(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

export function wholeArgument(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('write a whole number');
  return value;
}

/** A time with its zone, in ms since the epoch. */
export function timeArgument(text: string): number {
  // biome-ignore lint/style/noRestrictedGlobals: a time is read here; no clock is.
  const at = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('write 2026-12-31T22:00:00Z, or with +01:00 for Z');
  return at;
}

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** `live/camera1` is what people paste. */
export function programName(text: string): string {
  return text.replace(/^live\//, '');
}
