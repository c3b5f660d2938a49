/** The entry of the control function: what Lambda calls for an alarm and for reconciliation. docs/control.md explains it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_ENVIRONMENT } from '../contract/control-function.ts';
import { TOPOLOGY_FILE, topologySchema } from '../contract/topology.ts';
import { anchoredClock } from '../system-clock.ts';
import { parseEvent } from './alarm-event.ts';
import { createAwsClients } from './aws-clients.ts';
import { controlRun } from './control-run.ts';
import { plan } from './planner.ts';

/** Of what Lambda says of a run, what is of use here. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

const clients = createAwsClients();
const topology = topologySchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, TOPOLOGY_FILE), 'utf8')),
);
const document = process.env[CONTROL_ENVIRONMENT.document] ?? '';
if (document === '') throw new Error(`${CONTROL_ENVIRONMENT.document} must name the deployment's document`);

export async function handler(event: unknown, context: LambdaContext): Promise<void> {
  try {
    await controlRun(parseEvent(event), context.getRemainingTimeInMillis(), {
      clients,
      clock: anchoredClock(),
      topology,
      document,
      plan,
      // Lambda's console would put the time and the request in front, and the line would be no JSON any more.
      write: (line) => process.stdout.write(`${line}\n`),
    });
  } finally {
    clients.release();
  }
}
