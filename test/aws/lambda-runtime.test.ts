/** Functions in processes of their own; what they do is written by the test. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LambdaFunction } from '../support/aws/lambda-runtime.ts';
import { MetricStore } from '../support/aws/metric-store.ts';
import { templateFunction } from '../support/aws/template-function.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const HANDLER = `
import { appendFileSync } from 'node:fs';
console.log('imported');
let events = 0;
export async function handler(event, context) {
  events += 1;
  switch (event.kind) {
    case 'echo': return { event, events, variable: process.env.TOPOLOGY, region: process.env.AWS_REGION, name: context.functionName, foreign: process.env.OF_THE_TEST };
    case 'throw': throw new TypeError('as it was told');
    case 'once': if (events === 1) throw new Error('the first time'); return events;
    case 'exit': process.exit(7);
    case 'hang': return new Promise((resolve) => setTimeout(resolve, 60_000));
    case 'time': return context.getRemainingTimeInMillis();
    case 'linger': setInterval(() => appendFileSync(event.file, '.'), 5); return null;
  }
}
`;

let directory: string;
let clock: FakeClock;
let metrics: MetricStore;
const functions: LambdaFunction[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'function-'));
  clock = new FakeClock();
  metrics = new MetricStore(() => clock.now());
});
afterEach(async () => {
  await Promise.all(functions.splice(0).map((own) => own.stop()));
  rmSync(directory, { recursive: true });
});

function lambda({ code = HANDLER, timeoutMs = 5_000, concurrency = 1 } = {}): LambdaFunction {
  writeFileSync(join(directory, 'index.mjs'), code);
  const own = new LambdaFunction({
    name: 'control',
    directory,
    handler: 'index.handler',
    variables: { TOPOLOGY: 'topology.json' },
    aws: { AWS_REGION: 'eu-central-1' },
    timeoutMs,
    concurrency,
    retryDelaysMs: [1, 1],
    queue: 'dead-letters',
    metrics,
    clock,
  });
  functions.push(own);
  return own;
}

/** The attempts at events, when all are done. */
async function run(own: LambdaFunction, ...events: object[]) {
  for (const event of events) own.invoke(event);
  await own.idle();
  return own.attempts.map(({ outcome }) => outcome);
}

/** How often it failed, and its dead letters, as CloudWatch has them. */
function measured(): Array<number | undefined> {
  const of = (Namespace: string, MetricName: string, Name: string, Value: string) =>
    metrics.of({ Namespace, MetricName, Dimensions: [{ Name, Value }] });
  return [
    of('AWS/Lambda', 'Errors', 'FunctionName', 'control')[0]?.Sum,
    of('AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'dead-letters').at(-1)?.Maximum,
  ];
}

describe('the Lambda of the tests', () => {
  it('gives a function its events one after the other, in one process, with its own environment only', async () => {
    const own = lambda();
    process.env.OF_THE_TEST = 'foreign';
    const [first, second] = await run(own, { kind: 'echo' }, { kind: 'echo', number: 2 });
    const result = {
      event: { kind: 'echo' },
      variable: 'topology.json',
      region: 'eu-central-1',
      name: 'control',
    };
    delete process.env.OF_THE_TEST;
    expect(first).toEqual({ kind: 'result', result: { ...result, events: 1 } });
    expect(second).toMatchObject({ result: { event: { number: 2 }, events: 2 } });
    expect(own.attempts.map(({ initMs }) => initMs !== null)).toEqual([true, false]);
    await until('what it wrote', () => /^\S+Z\t\tINFO\timported\n$/.test(own.output));
    expect(measured()).toEqual([0, undefined]);
  });

  it('gives events that come together environments of their own, as many as there may be', async () => {
    const own = lambda({ concurrency: 2 });
    const outcomes = await run(own, { kind: 'echo' }, { kind: 'echo' }, { kind: 'echo' });
    const events = outcomes.map((outcome) => outcome.kind === 'result' && outcome.result);
    // The third goes to whichever is through first.
    expect(events).toEqual(
      expect.arrayContaining([{ events: 1 }, { events: 2 }].map((one) => expect.objectContaining(one))),
    );
    expect(events.filter((one) => JSON.stringify(one).includes('"events":2'))).toHaveLength(1);
  });

  it('answers a caller that waits, and keeps nothing of what failed', async () => {
    const own = lambda();
    expect(await own.call({ kind: 'echo' })).toMatchObject({ result: { events: 1 } });
    expect(await own.call({ kind: 'throw' })).toMatchObject({ kind: 'failed' });
    expect([own.attempts.length, own.deadLetters.length]).toEqual([2, 0]);
  });

  it('tries an event three times, and makes it a dead letter', async () => {
    const own = lambda();
    const outcomes = await run(own, { kind: 'throw' });
    const error = { errorType: 'TypeError', errorMessage: 'as it was told' };
    expect(outcomes).toEqual([1, 2, 3].map(() => ({ kind: 'failed', error })));
    const [requestId] = [...new Set(own.attempts.map((attempt) => attempt.requestId))];
    expect(own.deadLetters).toEqual([
      {
        body: '{"kind":"throw"}',
        attributes: { RequestID: requestId, ErrorCode: '200', ErrorMessage: 'as it was told' },
      },
    ]);
    expect(measured()).toEqual([3, 1]);
    clock.advance(3 * 60_000);
    expect(measured()).toEqual([3, 1]);
    expect(
      metrics.of({
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: 'dead-letters' }],
      }),
    ).toHaveLength(4);
  });

  it('is content with an attempt that succeeds, and does not let others wait for it', async () => {
    const own = lambda();
    await run(own, { kind: 'once' }, { kind: 'echo' });
    expect(own.attempts.map(({ event, attempt }) => [event, attempt])).toEqual([
      [{ kind: 'once' }, 1],
      [{ kind: 'echo' }, 1],
      [{ kind: 'once' }, 2],
    ]);
    expect(own.deadLetters).toEqual([]);
  });

  it.each([
    ['hang', 'Sandbox.Timedout', /timed out after 0.30 seconds/],
    ['exit', 'Runtime.ExitError', /with 7/],
  ])('takes a new process after one that is lost: %s', async (kind, errorType, message) => {
    const own = lambda({ timeoutMs: 300 });
    const outcomes = await run(own, { kind }, { kind: 'echo' });
    const error = { errorType, errorMessage: expect.stringMatching(message) };
    expect(outcomes.filter((outcome) => outcome.kind === 'failed')).toEqual(
      [1, 2, 3].map(() => ({ kind: 'failed', error })),
    );
    expect(outcomes[1]).toMatchObject({ kind: 'result', result: { events: 1 } });
  });

  it.each([
    ['no module', 'this is no JavaScript', 'SyntaxError'],
    ['one without the handler', 'export const another = 1;', 'Error'],
  ])('fails with %s', async (_, code, errorType) => {
    const [outcome] = await run(lambda({ code }), {});
    expect(outcome).toMatchObject({ kind: 'failed', error: { errorType } });
  });

  it('tells how much time is left', async () => {
    const [outcome] = await run(lambda({ timeoutMs: 4_000 }), { kind: 'time' });
    const left = outcome?.kind === 'result' ? outcome.result : null;
    expect(left).toBeGreaterThan(3_000);
    expect(left).toBeLessThanOrEqual(4_000);
  });

  it('lets nothing run between events', async () => {
    const file = join(directory, 'marks');
    const marks = () => readFileSync(file, 'utf8').length;
    writeFileSync(file, '');
    const own = lambda();
    await run(own, { kind: 'linger', file });
    const before = marks();
    // As much time as another function takes to start: there is no condition for what does not happen.
    await run(lambda(), { kind: 'echo' });
    expect(marks()).toBe(before);
    await run(own, { kind: 'echo' });
    expect(own.attempts.at(-1)?.outcome).toMatchObject({ kind: 'result' });
  });

  it('takes handler, time and variables from a template', () => {
    const properties = {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: 60,
      Environment: { Variables: { TOPIC: { Ref: 'Topic' } } },
    };
    expect(templateFunction(properties, { Topic: 'arn' })).toEqual({
      handler: 'index.handler',
      timeoutMs: 60_000,
      memoryMb: 128,
      variables: { TOPIC: 'arn' },
      concurrency: 8,
      queue: null,
    });
  });
});
