import { type ApiCall, AwsEndpoint, type Misbehaviour } from './aws/aws-endpoint.ts';

export interface WireDatum {
  readonly MetricName: string;
  readonly Dimensions: ReadonlyArray<{ readonly Name: string; readonly Value: string }>;
  /** Seconds since the epoch. */
  readonly Timestamp: number;
  readonly Value?: number;
  readonly StatisticValues?: Readonly<Record<'SampleCount' | 'Sum' | 'Minimum' | 'Maximum', number>>;
  readonly Unit: string;
  readonly StorageResolution: number;
}

/** A call of PutMetricData as it came over the wire. */
export interface WireCall {
  readonly isCompressed: boolean;
  readonly authorization: string;
  readonly namespace: string;
  readonly deployment: string;
  readonly data: readonly WireDatum[];
}

export type Answer = 'taken' | 'silent' | 'stuck' | 'failed' | 'throttled';

/** Takes the data of several deployments, and answers each in its own way. */
export class CloudWatchEndpoint extends AwsEndpoint {
  readonly puts: WireCall[] = [];
  /** By deployment; `taken` for the others. */
  readonly answers = new Map<string, Answer>();
  /** By deployment: how many calls waited for their answers at one time. */
  readonly mostInFlight = new Map<string, number>();

  constructor() {
    super({ cloudwatch: { PutMetricData: () => ({}) } });
    this.misbehaviour = (call) => this.note(call);
  }

  putsOf(deployment: string): WireCall[] {
    return this.puts.filter((call) => call.deployment === deployment);
  }

  private note(call: ApiCall): Misbehaviour | null {
    const wire = wireCall(call);
    this.puts.push(wire);
    const { deployment } = wire;
    const inFlight = this.calls.filter(
      (own) => own.isOpen() && wireCall(own).deployment === deployment,
    ).length;
    this.mostInFlight.set(deployment, Math.max(inFlight, this.mostInFlight.get(deployment) ?? 0));
    const kind = this.answers.get(deployment) ?? 'taken';
    return kind === 'taken' ? null : { kind };
  }
}

function wireCall({ body, isCompressed, authorization }: ApiCall): WireCall {
  const { Namespace, MetricData } = body as { Namespace: string; MetricData: WireDatum[] };
  return {
    isCompressed,
    authorization,
    namespace: Namespace,
    deployment: MetricData[0]?.Dimensions.find(({ Name }) => Name === 'Deployment')?.Value ?? '',
    data: MetricData,
  };
}
