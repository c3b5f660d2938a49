import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { CONTROL_EVENT_SOURCE, CONTROL_EVENT_TYPES } from '../contract/control-function.ts';
import { fitted } from './fitted.ts';
import type { RunRecord } from './run-record.ts';

/** Ten of them, as many as one PutEvents takes, fit into the 256 KB that it takes. */
const LONGEST_DETAIL_BYTES = 24_000;
const LONGEST_TEXT = 2_000;

/** What others may want to know of a run: its commands, and the findings that say more than "as it should be". */
export function controlEvents({ topology, event, commands, findings }: RunRecord): PutEventsRequestEntry[] {
  const about = { deployment: topology.deployment, cause: event };
  const entry = (type: string, detail: Readonly<Record<string, unknown>>): PutEventsRequestEntry => ({
    Source: CONTROL_EVENT_SOURCE,
    DetailType: type,
    Detail: fitted({ ...about, ...detail }, LONGEST_DETAIL_BYTES),
  });
  return [
    ...commands.map(({ planned: { command, why }, hosts }) =>
      entry(CONTROL_EVENT_TYPES[command.action], { ...command, why, hosts }),
    ),
    ...findings.flatMap(({ severity, subject, text }) =>
      severity === 'info'
        ? []
        : [entry(CONTROL_EVENT_TYPES[severity], { subject, text: text.slice(0, LONGEST_TEXT) })],
    ),
  ];
}
