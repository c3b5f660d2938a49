/**
 * What the control function knows of its deployment. The synth writes it beside the function's code, from the
 * configuration; nothing in it is secret, and nothing in it is known at deployment only.
 */
import * as z from 'zod';

export const topologySchema = z.strictObject({
  /** The configuration's `name`: in the names of alarms, in tags and in metrics. */
  deployment: z.string(),
  /** Of the metrics. */
  namespace: z.string(),
  /** One for each input; edges are not known by name. */
  hosts: z.array(z.strictObject({ name: z.string(), input: z.string(), kind: z.enum(['master', 'backup']) })),
  programs: z.array(
    z.strictObject({
      name: z.string(),
      /** The best first; `slate` where it has one. */
      candidates: z.array(z.string()),
      /** The host that takes its first candidate; null where it has the slate alone. */
      home: z.string().nullable(),
    }),
  ),
});

export type Topology = z.output<typeof topologySchema>;

/** Beside the bundle of the function. */
export const TOPOLOGY_FILE = 'topology.json';
