import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as ssm from '@aws-sdk/client-ssm';

export type ServiceName = 'cloudwatch' | 'eventbridge' | 'ssm';

interface Service {
  /** Before the operation in `X-Amz-Target`. */
  readonly target: string;
  readonly contentType: string;
  /** In the scope of a signature. */
  readonly signingName: string;
  /** What it calls a failure of its own. */
  readonly fault: string;
  /** Where a client looks for another endpoint. */
  readonly endpointVariable: string;
  /** Holds the schema of each operation, as `SendCommand$`. */
  readonly model: Readonly<Record<string, unknown>>;
}

/** How the installed clients speak to their services: all by POST, as AWS JSON. */
export const SERVICES: Readonly<Record<ServiceName, Service>> = {
  cloudwatch: {
    target: 'GraniteServiceVersion20100801',
    contentType: 'application/x-amz-json-1.0',
    signingName: 'monitoring',
    fault: 'InternalServiceFault',
    endpointVariable: 'AWS_ENDPOINT_URL_CLOUDWATCH',
    model: cloudwatch,
  },
  eventbridge: {
    target: 'AWSEvents',
    contentType: 'application/x-amz-json-1.1',
    signingName: 'events',
    fault: 'InternalException',
    endpointVariable: 'AWS_ENDPOINT_URL_EVENTBRIDGE',
    model: eventbridge,
  },
  ssm: {
    target: 'AmazonSSM',
    contentType: 'application/x-amz-json-1.1',
    signingName: 'ssm',
    fault: 'InternalServerError',
    endpointVariable: 'AWS_ENDPOINT_URL_SSM',
    model: ssm,
  },
};
