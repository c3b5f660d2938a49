import type { Datum } from './metric-data.ts';

/** Several values of one metric, put together: CloudWatch's StatisticSet. */
export interface Statistics {
  readonly count: number;
  readonly sum: number;
  readonly least: number;
  readonly most: number;
}

export type BatchDatum = Omit<Datum, 'value'> &
  ({ readonly value: number } | { readonly statistics: Statistics });

/** What PutMetricData takes in one call. */
export const MAX_DATA_PER_CALL = 1_000;

/**
 * The data of one call, from those of its seconds: one for each metric and second. Where that is more than a call takes,
 * one for each metric: count, sum, least and most of its seconds, dated at the first. Sums, means and extremes stay
 * right, to the interval instead of the second; percentiles are lost.
 */
export function batchOf(seconds: ReadonlyArray<readonly Datum[]>): BatchDatum[] {
  const data = seconds.flat();
  return data.length <= MAX_DATA_PER_CALL ? data : fold(data);
}

function fold(data: readonly Datum[]): BatchDatum[] {
  const folded = new Map<string, { first: Datum; statistics: Statistics }>();
  for (const datum of data) {
    const key = [datum.metric, ...datum.dimensions.map(({ value }) => value)].join('\n');
    const so = folded.get(key);
    const { value } = datum;
    folded.set(key, {
      first: so?.first ?? datum,
      statistics: {
        count: (so?.statistics.count ?? 0) + 1,
        sum: (so?.statistics.sum ?? 0) + value,
        least: Math.min(so?.statistics.least ?? value, value),
        most: Math.max(so?.statistics.most ?? value, value),
      },
    });
  }
  return [...folded.values()].map(({ first, statistics }) => {
    const { metric, unit, dimensions, second } = first;
    return { metric, unit, dimensions, second, statistics };
  });
}
