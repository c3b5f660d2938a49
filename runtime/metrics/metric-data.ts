import { METRIC_DIMENSIONS, METRICS, type MetricName, type MetricUnit } from '../contract/metric-names.ts';
import { type InputFigures, type ProgramFigures, type Snapshot, standingOf } from './snapshot.ts';

export interface Dimension {
  readonly name: string;
  readonly value: string;
}

/** One value of one metric in one second. */
export interface Datum {
  readonly metric: MetricName;
  readonly unit: MetricUnit;
  readonly dimensions: readonly Dimension[];
  /** The beginning of the second, in ms since the epoch. */
  readonly second: number;
  readonly value: number;
}

/** The metrics of one second. `previous` is the snapshot before: counts are what has been added since. */
export function metricData(snapshot: Snapshot, previous: Snapshot | null): Datum[] {
  const before = new Map(previous?.programs.map((program) => [program.name, program]));
  return [
    ...snapshot.inputs.flatMap((input) => inputData(snapshot, input)),
    ...snapshot.programs
      .filter(({ isIdle }) => isIdle !== true)
      .flatMap((program) => programData(snapshot, program, before.get(program.name))),
    ...hostData(snapshot),
  ];
}

function inputData(snapshot: Snapshot, input: InputFigures): Datum[] {
  const put = about(snapshot, { Input: input.name });
  const data = [put('InputLoss', input.canBeShown ? 0 : 1)];
  const { rates } = input;
  // Silence is a rate of 0; an encoder whose first second is not over has none yet.
  if (rates === null && input.isPublished) return data;
  data.push(
    put('InputBitrate', rates === null ? 0 : rates.videoKbps + rates.audioKbps),
    put('InputFrameRate', rates === null ? 0 : rates.frameRate),
  );
  return data;
}

function programData(
  snapshot: Snapshot,
  program: ProgramFigures,
  before: ProgramFigures | undefined,
): Datum[] {
  const put = about(snapshot, { Program: program.name });
  const standing = standingOf(program);
  const data = [
    put('ProgramOnBackup', standing === 'backup' ? 1 : 0),
    put('ProgramOffAir', standing === 'off air' ? 1 : 0),
    put('Switches', program.switches - (before?.switches ?? 0)),
    put('Viewers', program.viewers),
    put('ViewerSkips', program.viewerSkips - (before?.viewerSkips ?? 0)),
    put('Mismatches', program.mismatches),
  ];
  const { switchHolesMs } = program;
  if (switchHolesMs.length > 0) data.push(put('SwitchHole', Math.max(...switchHolesMs)));
  return data;
}

function hostData(snapshot: Snapshot): Datum[] {
  const put = about(snapshot, {});
  return [put('Heartbeat', 1), put('EventLoopDelay', snapshot.eventLoopDelayMs)];
}

/** Dimensions are the contract's, in its order. */
function about(snapshot: Snapshot, names: { Input?: string; Program?: string }) {
  const values = { Deployment: snapshot.deployment, Host: snapshot.host, ...names };
  return (metric: MetricName, value: number): Datum => {
    const { subject, unit } = METRICS[metric];
    const dimensions = METRIC_DIMENSIONS[subject].map((name) => {
      const own = values[name];
      if (own === undefined) throw new Error(`${metric} has no ${name}`);
      return { name, value: own };
    });
    return { metric, unit, dimensions, second: snapshot.second, value };
  };
}
