import { describe, expect, it } from '@jest/globals';
import { METRIC_DIMENSIONS, METRICS, type MetricName } from '../../runtime/contract/metric-names.ts';
import { type Datum, metricData } from '../../runtime/metrics/metric-data.ts';
import type { InputFigures, ProgramFigures } from '../../runtime/metrics/snapshot.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { inputFigures, programFigures, snapshotOf } from './snapshots.ts';

function valuesOf(data: readonly Datum[]): Partial<Record<MetricName, number>> {
  return Object.fromEntries(data.map(({ metric, value }) => [metric, value]));
}

describe('the metrics of a second', () => {
  it('are those of the contract, each with its unit, its dimensions in order, and the second', () => {
    const program = programFigures({ switches: 1, switchHolesMs: [12] });
    const data = metricData(snapshotOf({ programs: [program] }), null);
    expect(data.map(({ metric }) => metric).sort()).toEqual(Object.keys(METRICS).sort());
    const names = { Deployment: 'show', Host: 'h1', Input: 'master/camera1', Program: 'camera1' };
    for (const { metric, unit, dimensions, second } of data) {
      const { subject, unit: expected } = METRICS[metric];
      expect({ metric, unit, dimensions, second }).toEqual({
        metric,
        unit: expected,
        dimensions: METRIC_DIMENSIONS[subject].map((name) => ({ name, value: names[name] })),
        second: EPOCH,
      });
    }
  });

  interface InputCase {
    readonly name: string;
    readonly figures: Partial<InputFigures>;
    readonly values: Partial<Record<MetricName, number>>;
  }
  it.each<InputCase>([
    { name: 'live', figures: {}, values: { InputLoss: 0, InputBitrate: 2_128, InputFrameRate: 29.9 } },
    {
      name: 'absent',
      figures: { canBeShown: false, isPublished: false, rates: null },
      values: { InputLoss: 1, InputBitrate: 0, InputFrameRate: 0 },
    },
    {
      name: 'in its first second',
      figures: { canBeShown: false, rates: null },
      values: { InputLoss: 1 },
    },
    {
      name: 'stalled',
      figures: { canBeShown: false, rates: { videoKbps: 700, audioKbps: 40, frameRate: 10 } },
      values: { InputLoss: 1, InputBitrate: 740, InputFrameRate: 10 },
    },
  ])('of an input that is $name', ({ figures, values }) => {
    const data = metricData(snapshotOf({ inputs: [inputFigures(figures)], programs: [] }), null);
    expect(valuesOf(data)).toEqual({ ...values, Heartbeat: 1, EventLoopDelay: 2.5 });
  });

  interface ProgramCase {
    readonly name: string;
    readonly figures: Partial<ProgramFigures>;
    readonly before?: Partial<ProgramFigures>;
    readonly values: Partial<Record<MetricName, number>>;
  }
  const calm = {
    ProgramOnBackup: 0,
    ProgramOffAir: 0,
    Switches: 0,
    Viewers: 3,
    ViewerSkips: 0,
    Mismatches: 0,
  };
  it.each<ProgramCase>([
    { name: 'on its master', figures: {}, values: calm },
    { name: 'on the backup', figures: { onAir: 'backup/spare' }, values: { ...calm, ProgramOnBackup: 1 } },
    { name: 'on the slate', figures: { onAir: 'slate' }, values: { ...calm, ProgramOffAir: 1 } },
    { name: 'on nothing', figures: { onAir: null }, values: { ...calm, ProgramOffAir: 1 } },
    {
      name: 'with a slate for its first candidate, on it',
      figures: { candidates: ['slate', 'master/camera1'], onAir: 'slate' },
      values: { ...calm, ProgramOffAir: 1 },
    },
    {
      name: 'after two switches: the worst hole counts',
      figures: { switches: 9, switchHolesMs: [4, 33] },
      before: { switches: 7 },
      values: { ...calm, Switches: 2, SwitchHole: 33 },
    },
    {
      name: 'after a switch without a hole',
      figures: { switches: 1, switchHolesMs: [0] },
      values: { ...calm, Switches: 1, SwitchHole: 0 },
    },
    {
      name: 'after it went off the air: nothing to measure',
      figures: { onAir: null, switches: 8 },
      before: { switches: 7 },
      values: { ...calm, ProgramOffAir: 1, Switches: 1 },
    },
    {
      name: 'with viewers that were too slow',
      figures: { viewerSkips: 12 },
      before: { viewerSkips: 10 },
      values: { ...calm, ViewerSkips: 2 },
    },
    {
      name: 'whose inputs differ',
      figures: { mismatches: 3 },
      before: { mismatches: 3 },
      values: { ...calm, Mismatches: 3 },
    },
    { name: 'idle here', figures: { isIdle: true, switches: 3, switchHolesMs: [1] }, values: {} },
    {
      name: 'no longer idle: what was counted meanwhile is not of this second',
      figures: { switches: 3 },
      before: { isIdle: true, switches: 3 },
      values: calm,
    },
  ])('of a program $name', ({ figures, before, values }) => {
    const previous = before && snapshotOf({ programs: [programFigures(before)] });
    const data = metricData(
      snapshotOf({ inputs: [], programs: [programFigures(figures)] }),
      previous ?? null,
    );
    expect(valuesOf(data)).toEqual({ ...values, Heartbeat: 1, EventLoopDelay: 2.5 });
  });
});
