import type { CloudWatchClient, MetricDatum } from '@aws-sdk/client-cloudwatch';
import type { MetricSender } from './cloudwatch-reporter.ts';
import type { BatchDatum } from './metric-batch.ts';

export interface CloudWatchSenderOptions {
  /** That of the environment where undefined. */
  readonly region: string | undefined;
  readonly namespace: string;
}

/** 1 s: what CloudWatch calls high resolution. 60 is the other value there is. */
const STORAGE_RESOLUTION_S = 1;
/** One repeat: for a kept connection that the endpoint had closed meanwhile. The reporter bounds both together. */
const MAX_ATTEMPTS = 2;
const CONNECTION_TIMEOUT_MS = 2_000;

type Sdk = typeof import('@aws-sdk/client-cloudwatch');

/**
 * PutMetricData by the AWS SDK. Credentials and endpoint come from where the SDK looks for them: environment, profile,
 * instance role; AWS_ENDPOINT_URL_CLOUDWATCH. Hosts without CloudWatch never load the SDK.
 */
export class CloudWatchSender implements MetricSender {
  private readonly options: CloudWatchSenderOptions;
  private sdk: Promise<Sdk> | null = null;
  private client: CloudWatchClient | null = null;

  constructor(options: CloudWatchSenderOptions) {
    this.options = options;
  }

  /** Loads the SDK. That holds up everything for some 100 ms: call it before there are encoders and viewers. */
  async load(): Promise<void> {
    await this.loadSdk();
  }

  async send(data: readonly BatchDatum[], signal: AbortSignal): Promise<void> {
    const { CloudWatchClient, PutMetricDataCommand } = await this.loadSdk();
    const { region, namespace } = this.options;
    const agent = { keepAlive: true, maxSockets: 1 };
    this.client ??= new CloudWatchClient({
      ...(region === undefined ? {} : { region }),
      maxAttempts: MAX_ATTEMPTS,
      // The handler's own requestTimeout only warns, on the console: the reporter's signal ends a call.
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        httpAgent: agent,
        httpsAgent: agent,
      },
    });
    const command = new PutMetricDataCommand({ Namespace: namespace, MetricData: data.map(toMetricDatum) });
    await this.client.send(command, { abortSignal: signal });
  }

  private loadSdk(): Promise<Sdk> {
    // On Node 20 the SDK warns of versions to come. Ours is pinned, and the warning is no JSON line.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
    this.sdk ??= importSdk();
    return this.sdk;
  }

  close(): void {
    this.client?.destroy();
    this.client = null;
  }
}

/** Node finds the names of what a CommonJS package exports; in the host bundle, it has them all under `default`. */
async function importSdk(): Promise<Sdk> {
  const sdk: Sdk & { readonly default?: Sdk } = await import('@aws-sdk/client-cloudwatch');
  return sdk.default ?? sdk;
}

function toMetricDatum(datum: BatchDatum): MetricDatum {
  return {
    MetricName: datum.metric,
    Dimensions: datum.dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
    // biome-ignore lint/style/noRestrictedGlobals: the SDK takes a time as a Date; no clock is read here.
    Timestamp: new Date(datum.second),
    Unit: datum.unit,
    StorageResolution: STORAGE_RESOLUTION_S,
    ...('value' in datum
      ? { Value: datum.value }
      : {
          StatisticValues: {
            SampleCount: datum.statistics.count,
            Sum: datum.statistics.sum,
            Minimum: datum.statistics.least,
            Maximum: datum.statistics.most,
          },
        }),
  };
}
