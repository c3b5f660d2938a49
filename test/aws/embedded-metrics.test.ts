import { describe, expect, it } from '@jest/globals';
import { embeddedMetrics } from '../support/aws/embedded-metrics.ts';
import { EPOCH } from '../support/fake-clock.ts';

const LINE = {
  _aws: {
    Timestamp: EPOCH,
    CloudWatchMetrics: [
      {
        Namespace: 'Understudy',
        Dimensions: [['Deployment']],
        Metrics: [{ Name: 'Commands', Unit: 'Count' }, { Name: 'Durations' }],
      },
    ],
  },
  msg: 'done',
  Deployment: 'show',
  Commands: 2,
  Durations: [5, 7],
};

describe('metrics in a line of a log', () => {
  it('are taken with their dimensions, units and values', () => {
    const common = {
      Dimensions: [{ Name: 'Deployment', Value: 'show' }],
      Timestamp: new Date(EPOCH),
      StorageResolution: 60,
    };
    expect(embeddedMetrics(JSON.stringify(LINE))).toEqual([
      {
        Namespace: 'Understudy',
        MetricData: [
          { ...common, MetricName: 'Commands', Unit: 'Count', Values: [2] },
          { ...common, MetricName: 'Durations', Unit: 'None', Values: [5, 7] },
        ],
      },
    ]);
  });

  it.each([
    ['text', 'started'],
    ['other JSON', '{"msg":"started"}'],
    ['something before it', `INFO ${JSON.stringify(LINE)}`],
    ['no time', JSON.stringify({ ...LINE, _aws: { CloudWatchMetrics: [] } })],
  ])('are none where there is %s', (_, line) => {
    expect(embeddedMetrics(line)).toEqual([]);
  });
});
