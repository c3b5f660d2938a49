import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describeFailure } from './call-failure.ts';
import { controlEvents } from './control-events.ts';
import { logLine } from './log-line.ts';
import type { RunRecord } from './run-record.ts';
import { unlessAborted } from './time-limit.ts';

export interface Recorder {
  readonly client: EventBridgeClient;
  /** Takes a line without its end. */
  readonly write: (line: string) => void;
}

const MOST_ENTRIES = 10;

/**
 * Puts the events of a run on the bus, none where nothing happened, and writes its line into the log, always. Returns all
 * problems of the run, with that of the events.
 */
export async function recordRun(
  record: RunRecord,
  { client, write }: Recorder,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problem = await putEvents(record, client, signal);
  const problems = problem === null ? record.problems : [...record.problems, `events: ${problem}`];
  write(logLine({ ...record, problems }));
  return problems;
}

/** Says what went wrong. Events may repeat: what failed as a whole is tried again by the next run. */
async function putEvents(
  record: RunRecord,
  client: EventBridgeClient,
  signal: AbortSignal,
): Promise<string | null> {
  const entries = controlEvents(record);
  try {
    for (let index = 0; index < entries.length; index += MOST_ENTRIES) {
      const command = new PutEventsCommand({ Entries: entries.slice(index, index + MOST_ENTRIES) });
      const { Entries = [], FailedEntryCount = 0 } = await unlessAborted(
        signal,
        client.send(command, { abortSignal: signal }),
      );
      // The call succeeds also where an event did not.
      if (FailedEntryCount > 0) {
        const code = Entries.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ?? 'no reason given';
        return `${FailedEntryCount} not taken, ${code}`;
      }
    }
    return null;
  } catch (error) {
    return describeFailure(error);
  }
}
