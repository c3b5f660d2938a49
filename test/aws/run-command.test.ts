/** Commands that a real client sends, and that bash really runs. Deliveries and expiry are on a clock of the test. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AwsEndpoint } from '../support/aws/aws-endpoint.ts';
import { checkParameters, commandDocument, scriptOf } from '../support/aws/command-document.ts';
import { RunCommand } from '../support/aws/run-command.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const CONTENT = {
  schemaVersion: '2.2',
  parameters: {
    program: { type: 'String', allowedPattern: '^[a-z0-9]{1,8}$', default: 'camera1' },
    kind: { type: 'String', allowedPattern: '^[a-z]+$' },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'run',
      inputs: {
        timeoutSeconds: '1',
        runCommand: ['set -eu', 'run_it "{{ program }}" "{{kind}}"'],
      },
    },
  ],
};
const RUN_IT = `
run_it() {
  echo "$HOST runs $2 for $1 in $PWD"
  case $2 in
    fails) echo 'it does' >&2; exit 3;;
    hangs) sleep 60;;
    dies) kill -KILL $$;;
    chatters) printf '%30000s' ''; printf '%9000s' '' >&2;;
  esac
  echo "$2" >>ran
}`;

let directory: string;
let clock: FakeClock;
let ssm: RunCommand;
let endpoint: AwsEndpoint;
let client: SSMClient;
let undo: () => void;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'host-'));
  clock = new FakeClock();
  const [step] = CONTENT.mainSteps;
  const inputs = { ...step?.inputs, runCommand: [RUN_IT, ...(step?.inputs.runCommand ?? [])] };
  const document = commandDocument({ ...CONTENT, mainSteps: [{ ...step, inputs }] });
  ssm = new RunCommand({ clock, documents: new Map([['document', document]]) });
  for (const name of ['master', 'backup']) {
    const tags = { deployment: 'show', host: name };
    ssm.register({ id: `i-${name}`, tags, cwd: directory, env: { PATH: '/usr/bin:/bin', HOST: name } });
  }
  endpoint = new AwsEndpoint({
    ssm: { SendCommand: ssm.send, ListCommandInvocations: ssm.list, GetCommandInvocation: ssm.get },
  });
  await endpoint.open();
  undo = endpoint.intoEnvironment();
  client = new SSMClient();
});
afterEach(async () => {
  client.destroy();
  undo();
  await endpoint.close();
  await ssm.stop();
  rmSync(directory, { recursive: true });
  expect(endpoint.problems).toEqual([]);
});

const MASTER: SendCommandCommandInput = {
  DocumentName: 'document',
  InstanceIds: ['i-master'],
  Parameters: { kind: ['works'] },
};

/** Sends; resolves to the command's id. */
async function send(changes: Partial<SendCommandCommandInput> = {}): Promise<string> {
  const { Command } = await client.send(new SendCommandCommand({ ...MASTER, ...changes }));
  return Command?.CommandId ?? '';
}

const get = (CommandId: string, InstanceId = 'i-master') =>
  client.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
const list = async (CommandId: string, Details = false) =>
  (await client.send(new ListCommandInvocationsCommand({ CommandId, Details }))).CommandInvocations ?? [];

/** Sends, and waits for the end. */
async function run(changes: Partial<SendCommandCommandInput> = {}) {
  const id = await send(changes);
  clock.advance(50);
  const isDone = async () => !/Pending|InProgress/.test((await get(id)).Status ?? '');
  await until('the end of the command', isDone);
  return get(id);
}

function ran(): string[] {
  const file = join(directory, 'ran');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

describe('a command of the tests', () => {
  it('runs the document’s own script on the instance, with its variables and no others', async () => {
    expect(await run({ Comment: 'a test' })).toMatchObject({
      Status: 'Success',
      StatusDetails: 'Success',
      ResponseCode: 0,
      PluginName: 'run',
      Comment: 'a test',
      StandardOutputContent: `master runs works for camera1 in ${directory}\n`,
      StandardErrorContent: '',
    });
    expect(ran()).toEqual(['works']);
  });

  it.each([
    ['fails', 'Failed', 'Failed', 3],
    ['dies', 'Failed', 'Failed', -1],
    ['hangs', 'TimedOut', 'ExecutionTimedOut', -1],
  ])('tells how it ended: it %s', async (kind, Status, StatusDetails, ResponseCode) => {
    expect(await run({ Parameters: { kind: [kind] } })).toMatchObject({
      Status,
      StatusDetails,
      ResponseCode,
    });
  });

  it('keeps the begin of what was written, and lists less of it', async () => {
    const { CommandId, StandardOutputContent, StandardErrorContent } = await run({
      Parameters: { kind: ['chatters'] },
    });
    expect([StandardOutputContent?.length, StandardErrorContent?.length]).toEqual([24_000, 8_000]);
    const [invocation] = await list(CommandId ?? '', true);
    expect(invocation?.CommandPlugins?.[0]?.Output).toHaveLength(2_500);
    expect((await list(CommandId ?? ''))[0]?.CommandPlugins).toEqual([]);
  });

  it('is not to be seen at once', async () => {
    const id = await send();
    await expect(get(id)).rejects.toMatchObject({ name: 'InvocationDoesNotExist' });
    expect(await list(id)).toEqual([]);
    clock.advance(50);
    expect(await list(id)).toHaveLength(1);
  });

  it.each([
    [[{ Key: 'tag:deployment', Values: ['show'] }], ['i-master', 'i-backup']],
    [[{ Key: 'tag:host', Values: ['backup', 'another'] }], ['i-backup']],
    [
      [
        { Key: 'tag:deployment', Values: ['show'] },
        { Key: 'tag:host', Values: ['master'] },
      ],
      ['i-master'],
    ],
    [
      [
        { Key: 'tag:deployment', Values: ['another'] },
        { Key: 'tag:host', Values: ['master'] },
      ],
      [],
    ],
    [[{ Key: 'InstanceIds', Values: ['i-backup'] }], ['i-backup']],
  ])('goes to the instances that fit all targets: %j', async (Targets, expected) => {
    const id = await send({ InstanceIds: undefined, Targets });
    clock.advance(50);
    expect((await list(id)).map(({ InstanceId }) => InstanceId)).toEqual(expected);
  });

  it.each<[string, Partial<SendCommandCommandInput>]>([
    ['InvalidParameters', { Parameters: { kind: ['works"; reboot'] } }],
    ['InvalidParameters', { Parameters: { kind: ['works', 'fails'] } }],
    ['InvalidParameters', { Parameters: {} }],
    ['InvalidParameters', { Parameters: { kind: ['works'], other: ['a'] } }],
    ['InvalidInstanceId', { InstanceIds: ['i-absent'] }],
    ['InvalidDocument', { DocumentName: 'absent' }],
    ['ValidationException', { InstanceIds: undefined }],
    ['ValidationException', { TimeoutSeconds: 29 }],
    ['ValidationException', { Comment: 'a'.repeat(101) }],
    ['InvalidDocumentVersion', { DocumentVersion: '7' }],
  ])('is refused: %s, %j', async (name, changes) => {
    await expect(send(changes)).rejects.toMatchObject({ name });
    clock.advance(50);
    expect((await client.send(new ListCommandInvocationsCommand({}))).CommandInvocations).toEqual([]);
  });

  it('waits for an instance that is cut off, and runs when it is back', async () => {
    ssm.freeze('i-master');
    const id = await send({ TimeoutSeconds: 30 });
    clock.advance(29_000);
    expect(await get(id)).toMatchObject({ Status: 'Pending', ResponseCode: -1, ExecutionStartDateTime: '' });
    ssm.thaw('i-master');
    await until('the end', async () => (await get(id)).Status === 'Success');
    clock.advance(60_000);
    expect((await get(id)).Status).toBe('Success');
  });

  it('never runs later than its time', async () => {
    ssm.freeze('i-master');
    const id = await send({ TimeoutSeconds: 30 });
    clock.advance(30_000);
    ssm.thaw('i-master');
    expect((await get(id)).Status).toBe('Pending');
    clock.advance(1_000);
    expect(await get(id)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut' });
    expect(ran()).toEqual([]);
  });

  it('can name no instance that is gone', async () => {
    ssm.deregister('i-master');
    await expect(send()).rejects.toMatchObject({ name: 'InvalidInstanceId' });
  });

  it('runs twice where the endpoint repeats it', async () => {
    endpoint.misbehaviour = ({ operation }) => (operation === 'SendCommand' ? { kind: 'repeated' } : null);
    await run();
    await until('both', () => ran().length === 2);
  });
});

describe('a document of the tests', () => {
  it('takes values as they are into its script', () => {
    const document = commandDocument(JSON.stringify(CONTENT));
    const values = checkParameters(document, { kind: ['works'] });
    expect(scriptOf(document, values)).toBe('set -eu\nrun_it "camera1" "works"');
  });

  it('matches a pattern without anchors anywhere', () => {
    const parameters = { kind: { type: 'String', allowedPattern: '[a-z]+' } };
    const mainSteps = [{ action: 'aws:runShellScript', name: 'run', inputs: { runCommand: ['{{ kind }}'] } }];
    const document = commandDocument({ schemaVersion: '2.2', parameters, mainSteps });
    expect(checkParameters(document, { kind: ['"; reboot'] })).toEqual({ kind: '"; reboot' });
  });

  it.each([
    ['a reference without a parameter', { parameters: {} }],
    [
      'a default that is not allowed',
      {
        parameters: {
          ...CONTENT.parameters,
          program: { type: 'String', default: 'A', allowedPattern: '^a$' },
        },
      },
    ],
    [
      'a property that the test does not know',
      { parameters: { ...CONTENT.parameters, kind: { type: 'String', interpolationType: 'ENV_VAR' } } },
    ],
    ['another schema', { schemaVersion: '1.2' }],
  ])('is refused with %s', (_, changes) => {
    expect(() => commandDocument({ ...CONTENT, ...changes })).toThrow();
  });
});
