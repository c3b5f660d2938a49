import { type MetricDatum, type PutMetricDataCommandInput, StandardUnit } from '@aws-sdk/client-cloudwatch';
import type { Datum, Statistics } from './alarm-evaluator.ts';
import { AwsError } from './aws-error.ts';

/** What identifies data: CloudWatch keeps those of another unit, or with one dimension more, apart. */
export interface Series {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: ReadonlyArray<{
    readonly Name?: string | undefined;
    readonly Value?: string | undefined;
  }>;
  /** None where any unit will do. */
  readonly Unit?: string | undefined;
}

const MAX_DATA_A_CALL = 1_000;
const MAX_DIMENSIONS = 30;
/** Beyond them CloudWatch has no data of one second any more; no test goes on for so long. */
const KEPT_SECONDS = 3 * 3_600;
const HOUR_MS = 3_600_000;
const OLDEST_MS = 14 * 24 * HOUR_MS;
const NEWEST_MS = 2 * HOUR_MS;

/**
 * Keeps what PutMetricData sends, by the second where it says so, else by the minute.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */
export class MetricStore {
  private readonly now: () => number;
  /** By series, and in it by the begin of the second or the minute, ms. */
  private readonly data = new Map<string, Map<number, Statistics>>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** PutMetricData. */
  readonly put = ({ Namespace = '', MetricData = [] }: PutMetricDataCommandInput): object => {
    if (/^AWS\//.test(Namespace)) throw invalid(`The namespace ${Namespace} is AWS's own`);
    if (MetricData.length > MAX_DATA_A_CALL) throw invalid(`${MetricData.length} data in one call`);
    for (const datum of MetricData) this.check(datum);
    for (const datum of MetricData) this.keep(Namespace, datum);
    return {};
  };

  /** What a service of AWS measures of itself. */
  measure({ Namespace, Unit, ...series }: Series, Value: number): void {
    const datum = { ...series, Dimensions: [...series.Dimensions], Value };
    this.keep(Namespace, { ...datum, Unit: Unit as StandardUnit | undefined } as MetricDatum);
  }

  of(series: Series): Datum[] {
    const units = series.Unit === undefined ? Object.values(StandardUnit) : [series.Unit];
    return units.flatMap((Unit) =>
      [...(this.data.get(keyOf({ ...series, Unit })) ?? [])].map(([at, own]) => ({ at, ...own })),
    );
  }

  private check({
    MetricName,
    Dimensions = [],
    Timestamp,
    Unit,
    StorageResolution,
    ...own
  }: MetricDatum): void {
    const problem = (text: string): AwsError => invalid(`${MetricName}: ${text}`);
    if (Dimensions.length > MAX_DIMENSIONS) throw problem('too many dimensions');
    if (Dimensions.some(({ Value }) => !Value)) throw problem('a dimension without a value');
    if (Unit !== undefined && !(Object.values(StandardUnit) as string[]).includes(Unit))
      throw problem(`unit ${Unit}`);
    if (![undefined, 1, 60].includes(StorageResolution)) throw problem(`resolution ${StorageResolution}`);
    const ageMs = this.now() - (Timestamp?.getTime() ?? this.now());
    if (ageMs > OLDEST_MS || -ageMs > NEWEST_MS) throw problem(`its time is ${Timestamp?.toISOString()}`);
    const kinds = [own.Value, own.StatisticValues, own.Values].filter((kind) => kind !== undefined);
    if (kinds.length !== 1) throw problem(`${kinds.length} kinds of values`);
  }

  private keep(Namespace: string, datum: MetricDatum): void {
    const { MetricName = '', Dimensions = [], Timestamp, Unit = 'None', StorageResolution = 60 } = datum;
    const key = keyOf({ Namespace, MetricName, Dimensions, Unit });
    const kept = this.data.get(key) ?? new Map<number, Statistics>();
    this.data.set(key, kept);
    const resolutionMs = StorageResolution * 1_000;
    const at = Math.floor((Timestamp?.getTime() ?? this.now()) / resolutionMs) * resolutionMs;
    kept.set(at, statisticsOf(datum).reduce(merged, kept.get(at) ?? NOTHING));
    const [oldest] = kept.keys();
    if (kept.size > KEPT_SECONDS && oldest !== undefined) kept.delete(oldest);
  }
}

const NOTHING: Statistics = {
  SampleCount: 0,
  Sum: 0,
  Minimum: Number.POSITIVE_INFINITY,
  Maximum: Number.NEGATIVE_INFINITY,
};

function statisticsOf({ Value, StatisticValues, Values = [], Counts = [] }: MetricDatum): Statistics[] {
  if (StatisticValues !== undefined) return [StatisticValues as Statistics];
  const values = Value === undefined ? Values : [Value];
  return values.map((value, index) => {
    const count = Counts[index] ?? 1;
    return { SampleCount: count, Sum: value * count, Minimum: value, Maximum: value };
  });
}

function merged(a: Statistics, b: Statistics): Statistics {
  return {
    SampleCount: a.SampleCount + b.SampleCount,
    Sum: a.Sum + b.Sum,
    Minimum: Math.min(a.Minimum, b.Minimum),
    Maximum: Math.max(a.Maximum, b.Maximum),
  };
}

function keyOf({ Namespace, MetricName, Dimensions, Unit }: Series): string {
  const dimensions = Dimensions.map(({ Name, Value }) => [Name, Value]).sort();
  return JSON.stringify([Namespace, MetricName, dimensions, Unit]);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
