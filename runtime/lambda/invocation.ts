import type { Invocation } from './run-command.ts';

/** For a line of the log. */
const LONGEST_WORDS = 200;

/** An invocation whose output is of no use, for people: `i-0abc: Failed: could not reach the host`. */
export function describeInvocation({ instance, status, output, errorOutput }: Invocation): string {
  const words =
    printable(errorOutput ?? '') || (output !== null && status === 'Success' ? 'unreadable answer' : '');
  return [instance, status, words].filter((word) => word !== '').join(': ');
}

/** What a host wrote, made fit for a log: one line, bounded, without control characters. */
export function printable(text: string): string {
  return text
    .slice(0, LONGEST_WORDS)
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
}
