import { Socket } from 'node:net';
import { CommandError, ExitCode } from './cli/exit-codes.ts';
import { readMessages } from './fan-out/link.ts';
import type { SocketLabel, ToWorker } from './fan-out/messages.ts';
import { FanOutWorker } from './fan-out/worker.ts';
import { LINK_FD } from './fan-out/worker-process.ts';
import type { Clock } from './media/clock.ts';

/** Time for what was written to viewers to leave. */
const STOP_MS = 500;

/** `understudy worker`: writes to viewers for the host that has started it, and ends with it. Resolves to the exit status. */
export async function runWorker(clock: Clock): Promise<number> {
  if (process.send === undefined)
    throw new CommandError('the host starts its workers itself: see viewers.workers');
  const link = new Socket({ fd: LINK_FD, readable: true, writable: true });
  const worker = new FanOutWorker(link, clock);
  process.on('message', (label, socket) => {
    worker.adopt((label as SocketLabel).viewer, socket as Socket | undefined);
  });
  await new Promise<void>((resolve) => {
    readMessages(link, (message) => {
      const told = message as ToWorker;
      worker.receive(told);
      if (told.type === 'stop') clock.after(STOP_MS, resolve);
    });
    link.on('error', () => resolve());
    link.on('close', () => resolve());
  });
  return ExitCode.ok;
}
