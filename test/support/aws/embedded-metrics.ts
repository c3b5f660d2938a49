import type { PutMetricDataCommandInput, StandardUnit } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';

const metricSchema = z.strictObject({
  Name: z.string(),
  Unit: z.string().default('None'),
  StorageResolution: z.number().default(60),
});

const lineSchema = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.strictObject({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(metricSchema),
      }),
    ),
  }),
});

/**
 * The metrics in a line of a log: only where all of the line is JSON, "with no additional data at the beginning or end".
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(line: string): PutMetricDataCommandInput[] {
  const parsed = lineSchema.safeParse(jsonOf(line));
  if (!parsed.success) return [];
  const { _aws, ...members } = parsed.data;
  return _aws.CloudWatchMetrics.map(({ Namespace, Dimensions, Metrics }) => ({
    Namespace,
    MetricData: Dimensions.flatMap((names) =>
      Metrics.map(({ Name, Unit, StorageResolution }) => ({
        MetricName: Name,
        Dimensions: names.map((own) => ({ Name: own, Value: String(members[own] ?? '') })),
        Timestamp: new Date(_aws.Timestamp),
        Unit: Unit as StandardUnit,
        StorageResolution,
        Values: [members[Name]].flat().map(Number),
      })),
    ),
  }));
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
