/** What other tests take for AWS: were it lenient, they would prove nothing. Real clients speak to it. */
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendCommandCommand, type SendCommandCommandInput, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AwsEndpoint, type Misbehaviour } from '../support/aws/aws-endpoint.ts';
import { AwsError } from '../support/aws/aws-error.ts';
import { until } from '../support/until.ts';

const REQUESTED_AT = new Date('2026-01-01T00:00:00.250Z');
const INPUT: SendCommandCommandInput = { DocumentName: 'document', Parameters: { action: ['status'] } };

let inputs: unknown[];
let endpoint: AwsEndpoint;
let undo: () => void;
let ssm: SSMClient;
beforeEach(async () => {
  inputs = [];
  const take = (input: unknown) => {
    inputs.push(input);
    return {};
  };
  endpoint = new AwsEndpoint({
    cloudwatch: { PutMetricData: take },
    eventbridge: { PutEvents: take },
    ssm: {
      SendCommand: (input: SendCommandCommandInput) => {
        take(input);
        if (input.DocumentName === 'unknown') throw new AwsError('InvalidDocument', 'no such document');
        return { Command: { CommandId: `id ${inputs.length}`, RequestedDateTime: REQUESTED_AT } };
      },
      ListCommandInvocations: () => ({ Commands: [] }),
    },
  });
  await endpoint.open();
  undo = endpoint.intoEnvironment();
  ssm = new SSMClient({ maxAttempts: 2 });
});
afterEach(async () => {
  ssm.destroy();
  undo();
  await endpoint.close();
});

/** The endpoint's answer to what no client sends. */
async function post(headers: Record<string, string>, body: string): Promise<number> {
  const { status } = await fetch(endpoint.environment.AWS_ENDPOINT_URL_SSM ?? '', {
    method: 'POST',
    headers,
    body,
  });
  return status;
}

describe('the endpoint of the tests', () => {
  it('gives an operation what the client was given, of each service, and the client what it returns', async () => {
    const metrics = new CloudWatchClient();
    const events = new EventBridgeClient();
    const datum = { MetricName: 'Heartbeat', Timestamp: REQUESTED_AT, Value: 1 };
    const entry = { Source: 'understudy', DetailType: 'Switch', Detail: '{}', Time: REQUESTED_AT };
    await metrics.send(new PutMetricDataCommand({ Namespace: 'Understudy', MetricData: [datum] }));
    await events.send(new PutEventsCommand({ Entries: [entry] }));
    const { Command } = await ssm.send(new SendCommandCommand(INPUT));
    expect(inputs).toEqual([
      { Namespace: 'Understudy', MetricData: [datum] },
      { Entries: [entry] },
      { ...INPUT },
    ]);
    expect(Command).toEqual({ CommandId: 'id 3', RequestedDateTime: REQUESTED_AT });
    expect(endpoint.problems).toEqual([]);
    metrics.destroy();
    events.destroy();
  });

  it('answers with errors that the client knows', async () => {
    await expect(ssm.send(new SendCommandCommand({ DocumentName: 'unknown' }))).rejects.toMatchObject({
      name: 'InvalidDocument',
    });
    expect(endpoint.problems).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['a member that the model lacks', { ...INPUT, Timeout: 30 }, /no member Timeout/],
    ['one of another type', { ...INPUT, TimeoutSeconds: '30' }, /TimeoutSeconds is "30"/],
    [
      'one inside another',
      { ...INPUT, Targets: [{ Key: 'tag:a', Values: 'b' }] },
      /Targets\[0\].Values is "b"/,
    ],
    ['none of one that is required', { Parameters: {} }, /lacks DocumentName/],
  ])('refuses %s', async (_, input, problem) => {
    // The clients drop what their model lacks: this one sends what it is told.
    ssm.middlewareStack.add(
      (next) => (own) => {
        const request = own.request as { body: string; headers: Record<string, string> };
        request.body = JSON.stringify(input);
        request.headers['content-length'] = String(request.body.length);
        return next(own);
      },
      { step: 'build' },
    );
    await expect(ssm.send(new SendCommandCommand(INPUT))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    expect(endpoint.problems).toEqual([expect.stringMatching(problem)]);
    expect(inputs).toEqual([]);
  });

  it.each([
    ['another secret', { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'another' }],
    ['another key', { accessKeyId: 'AKIAOTHER', secretAccessKey: 'another' }],
  ])('refuses a request that is signed with %s', async (_, key) => {
    const client = new SSMClient({
      credentials: { ...key, sessionToken: 'session-token-of-the-test' },
      maxAttempts: 1,
    });
    await expect(client.send(new SendCommandCommand(INPUT))).rejects.toThrow();
    expect(endpoint.problems).toHaveLength(1);
    expect(inputs).toEqual([]);
    client.destroy();
  });

  it.each([
    [
      'no signature',
      { 'x-amz-target': 'AmazonSSM.SendCommand', 'content-type': 'application/x-amz-json-1.1' },
    ],
    ['another protocol', { 'x-amz-target': 'AmazonSSM.SendCommand', 'content-type': 'application/json' }],
    ['an operation that there is not', { 'x-amz-target': 'AmazonSSM.SendCommands' }],
    ['a service that there is not', { 'x-amz-target': 'AmazonSQS.SendMessage' }],
  ])('refuses a request with %s', async (_, headers) => {
    expect(await post(headers, JSON.stringify(INPUT))).toBe(400);
    expect(endpoint.problems).toHaveLength(1);
    expect(inputs).toEqual([]);
  });

  it('makes a problem of an answer that AWS would not give, and of an operation that nobody does', async () => {
    const { ListCommandInvocationsCommand, GetCommandInvocationCommand } = await import(
      '@aws-sdk/client-ssm'
    );
    await expect(ssm.send(new ListCommandInvocationsCommand({}))).rejects.toThrow();
    const unknown = new GetCommandInvocationCommand({ CommandId: 'a', InstanceId: 'b' });
    await expect(ssm.send(unknown)).rejects.toThrow();
    expect(endpoint.problems).toEqual([
      expect.stringMatching(/the answer has no .Commands/),
      expect.stringMatching(/nothing in the test does ssm GetCommandInvocation/),
    ]);
  });
});

describe('an endpoint that misbehaves', () => {
  const send = () => ssm.send(new SendCommandCommand(INPUT));
  /** Once: the client's second attempt finds it well. */
  const once = (misbehaviour: Misbehaviour) => {
    endpoint.misbehaviour = () => (endpoint.calls.length === 1 ? misbehaviour : null);
  };

  it.each<[Misbehaviour, number]>([
    [{ kind: 'throttled' }, 1],
    [{ kind: 'failed' }, 1],
    [{ kind: 'cut', isCarriedOut: false }, 1],
    [{ kind: 'cut', isCarriedOut: true }, 2],
  ])('is tried again by the client: %p', async (misbehaviour, times) => {
    once(misbehaviour);
    await send();
    expect(endpoint.calls).toHaveLength(2);
    expect(inputs).toHaveLength(times);
  });

  it.each(['silent', 'stuck'] as const)('leaves the client waiting: %s', async (kind) => {
    once({ kind });
    const abort = new AbortController();
    const sent = ssm.send(new SendCommandCommand(INPUT), { abortSignal: abort.signal });
    const failed = expect(sent).rejects.toThrow();
    await until('the call', () => endpoint.calls[0]?.isOpen());
    abort.abort();
    await failed;
    await until('the call to be given up', () => !endpoint.calls[0]?.isOpen());
    expect(inputs).toEqual([]);
  });

  it('carries out twice, late, and lies', async () => {
    once({ kind: 'repeated' });
    expect((await send()).Command?.CommandId).toBe('id 2');
    endpoint.misbehaviour = () => ({ kind: 'delayed', byMs: 20 });
    const before = performance.now();
    await send();
    expect(performance.now() - before).toBeGreaterThan(15);
    endpoint.misbehaviour = () => ({ kind: 'lying', answer: () => ({ Command: { CommandId: 'another' } }) });
    expect((await send()).Command).toEqual({ CommandId: 'another' });
    expect(endpoint.problems).toEqual([]);
  });
});
