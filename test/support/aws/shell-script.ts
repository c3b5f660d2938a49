import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** "The first 24,000 characters written by the plugin to stdout", and 8,000 of stderr. */
const STDOUT_LIMIT = 24_000;
const STDERR_LIMIT = 8_000;

export interface ShellOptions {
  readonly script: string;
  readonly cwd: string;
  /** All of it: nothing of the test's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Ends it, with all that it started. */
  readonly signal: AbortSignal;
}

export interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly hasTimedOut: boolean;
}

/**
 * Runs a script as the agent does on Amazon Linux: by `sh`, which is bash there. Of its output only the begin is kept:
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
 */
export async function runShellScript(options: ShellOptions): Promise<ShellResult> {
  const { script, cwd, env, timeoutSeconds, signal } = options;
  // A group of its own, so that all of it can be ended.
  const child = spawn('/bin/bash', ['--posix', '-c', script], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('bash cannot be started');
  const end = (): boolean => {
    try {
      return process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
      return false;
    }
  };
  let hasTimedOut = false;
  const timer = setTimeout(() => {
    hasTimedOut = end();
  }, timeoutSeconds * 1_000);
  signal.addEventListener('abort', end);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(0, STDOUT_LIMIT);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, STDERR_LIMIT);
  });
  const [exitCode] = await once(child, 'close');
  clearTimeout(timer);
  signal.removeEventListener('abort', end);
  return { stdout, stderr, exitCode, hasTimedOut };
}
