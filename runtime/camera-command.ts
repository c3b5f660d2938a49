import type { Readable } from 'node:stream';
import { runGateway } from './camera/gateway.ts';
import { pullCamera } from './camera/media-server.ts';
import { type CameraOrder, MAX_ORDER_BYTES, parseOrder } from './camera/order.ts';
import { createRedactor } from './camera/redact.ts';
import { ownRtmpUrl, planCameras } from './cameras.ts';
import { configError } from './cli/config-file.ts';
import { CommandError, ExitCode } from './cli/exit-codes.ts';
import type { Terminal } from './cli/terminal.ts';
import type { Clock } from './media/clock.ts';

export interface CameraCommandOptions {
  /** `master/camera1` */
  readonly input: string;
  readonly config: string;
  /** Which of the hosts in the configuration this one is. */
  readonly host?: string;
  /** The order comes over standard input, and the process ends with it. */
  readonly supervised: boolean;
}

/** `understudy camera INPUT`: pulls one camera and publishes it, until either side ends. Resolves to the exit status. */
export async function runCamera(
  options: CameraCommandOptions,
  context: { readonly clock: Clock; readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<number> {
  const { clock, terminal } = context;
  const parent = new AbortController();
  const order = options.supervised
    ? await orderFrom(process.stdin, () => parent.abort())
    : await orderByConfig(options);
  const redact = createRedactor(order);
  const { reason, by } = await runGateway({
    order,
    clock,
    pull: pullCamera,
    say: (line) => terminal.line(redact(line)),
    signal: AbortSignal.any([context.signal, parent.signal]),
    usedBytes: process.memoryUsage.rss,
    crashed: crashed(),
  });
  if (by === 'signal') return ExitCode.ok;
  terminal.error(redact(`${by}: ${reason}`));
  return ExitCode.unreachable;
}

/**
 * Node-media-server throws in callbacks that nobody can catch, for what a camera sends. Everything else of this process
 * is in the chain of promises.
 */
function crashed(): Promise<string> {
  return new Promise((resolve) => {
    process.on('uncaughtException', (error) => resolve(`fell over what it was sent: ${error.message}`));
  });
}

/** The first line; calls `ended` when whoever wrote it is gone. */
async function orderFrom(from: Readable, ended: () => void): Promise<CameraOrder> {
  let text = '';
  from.setEncoding('utf8');
  await new Promise<void>((resolve) => {
    from.on('data', (data: string) => {
      if (text.length <= MAX_ORDER_BYTES) text += data;
      if (text.includes('\n') || text.length > MAX_ORDER_BYTES) resolve();
    });
    for (const event of ['end', 'close', 'error']) {
      from.on(event, () => {
        ended();
        resolve();
      });
    }
  });
  try {
    return parseOrder(text.split('\n')[0] ?? '');
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

async function orderByConfig({ input, config: file, host }: CameraCommandOptions): Promise<CameraOrder> {
  // With it comes the whole host, which a camera's process does not need.
  const { loadConfig } = await import('./run-command.ts');
  const { config, keys, directory } = loadConfig(file, { edge: false, ...(host !== undefined && { host }) });
  const planned = planCameras(config, keys.keys, { directory, env: process.env });
  if (!planned.ok) throw configError(planned.problems, file);
  const plan = planned.plans.find((one) => one.input === input);
  const known = planned.plans.map((one) => one.input).join(', ') || 'none';
  if (plan === undefined)
    throw new CommandError(`${input} has no camera in ${file}; those with one: ${known}`);
  if (config.rtmp.port === 0)
    throw new CommandError('rtmp.port is 0: give the host a port that can be known');
  return { ...plan, hostUrl: ownRtmpUrl(config, config.rtmp.port) };
}
