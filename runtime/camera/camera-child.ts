import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type CameraOrder, encodeOrder } from './order.ts';
import { createRedactor } from './redact.ts';
import type { CameraProcess } from './supervisor.ts';

export interface ChildOptions {
  readonly order: CameraOrder;
  /** The program and its arguments; nothing secret. */
  readonly command: readonly [string, ...string[]];
  /** All that it gets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the child said, a line at a time, without the order's secrets. */
  readonly onLine: (line: string) => void;
}

/** One run says a few lines. A child that says more has lost its mind, and must not fill the disk. */
const MAX_LINES = 40;
/** A line without an end is cut here. */
const MAX_LINE_CHARACTERS = 4_096;

/**
 * Starts a camera's process and gives it its order. Its standard input stays open for as long as this process lives:
 * where it ends, the child does too, also after a `kill -9` of the parent.
 */
export function startCameraChild({ order, command, env, onLine }: ChildOptions): CameraProcess {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const redact = createRedactor(order);
  let lines = 0;
  const say = (line: string): void => {
    lines += 1;
    if (lines <= MAX_LINES) onLine(redact(line));
    else if (lines === MAX_LINES + 1) onLine('it says more than is logged');
  };
  readLines(child.stdout, say);
  readLines(child.stderr, say);
  // It may be dead before it has read anything.
  child.stdin.on('error', () => {});
  child.stdin.write(encodeOrder(order));
  return {
    pid: child.pid,
    ended: new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        say(error.message);
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    }),
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function readLines(from: Readable, onLine: (line: string) => void): void {
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = (parts.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of parts) if (line.trim() !== '') onLine(line);
  });
  from.on('end', () => {
    if (rest.trim() !== '') onLine(rest);
  });
}
