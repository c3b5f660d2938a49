import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_ENVIRONMENT } from '../contract/control-function.ts';
import { TOPOLOGY_FILE, type Topology, topologySchema } from '../contract/topology.ts';

/** Of what Lambda says of a run, what is of use here. */
export interface LambdaContext {
  readonly invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

/** What the stack has given a function: its environment, and a file beside its code. Throws where something is missing. */
export function functionSettings(): { document: string; topology: Topology } {
  const text = readFileSync(join(import.meta.dirname, TOPOLOGY_FILE), 'utf8');
  const document = process.env[CONTROL_ENVIRONMENT.document] ?? '';
  if (document === '') throw new Error(`${CONTROL_ENVIRONMENT.document} must name the deployment's document`);
  return { document, topology: topologySchema.parse(JSON.parse(text)) };
}
