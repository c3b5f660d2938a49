/** The entry of the control function: what Lambda calls for an alarm and for reconciliation. docs/control.md explains it. */
import { CHANNELS_VARIABLE, channelsSchema } from '../contract/channels.ts';
import { anchoredClock } from '../system-clock.ts';
import { parseEvent } from './alarm-event.ts';
import { createAwsClients } from './aws-clients.ts';
import { controlRun } from './control-run.ts';
import { functionSettings, type LambdaContext } from './function-settings.ts';
import { PageMemory } from './page-memory.ts';
import { plan } from './planner.ts';

const clients = createAwsClients();
const { document, topology } = functionSettings();
const channels = channelsSchema.parse(JSON.parse(process.env[CHANNELS_VARIABLE] ?? '{}'));
const pages = new PageMemory();

export async function handler(event: unknown, context: LambdaContext): Promise<void> {
  try {
    await controlRun(parseEvent(event), context.getRemainingTimeInMillis(), {
      clients,
      clock: anchoredClock(),
      topology,
      document,
      channels,
      pages,
      plan,
      // Lambda's console would put the time and the request in front, and the line would be no JSON any more.
      write: (line) => process.stdout.write(`${line}\n`),
    });
  } finally {
    clients.release();
  }
}
