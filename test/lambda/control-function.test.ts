/** The built function, run by plain Node as Lambda does, with its SDK clients on an endpoint on the loopback address. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPOLOGY_FILE } from '../../runtime/contract/topology.ts';
import { type BuiltFunction, buildFunctions } from '../../scripts/build-functions.ts';
import { hostsOf, topologyOf } from './samples.ts';
import { StandIn } from './stand-in.ts';

const ROOT = join(import.meta.dirname, '../..');
/** So many that Node would warn of the calls that listen to one signal. */
const topology = topologyOf(24);
const SCHEDULED = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
/**
 * Calls the handler twice, as Lambda does where it keeps the process. Of an error it prints the stack, as Lambda does; Node
 * itself would print the line of the bundle too, which is a megabyte.
 */
const CALLER = `
process.on('uncaughtException', ({ stack }) => {
  process.stderr.write(stack);
  process.exitCode = 1;
});
const { handler } = await import(process.argv[1]);
const context = { getRemainingTimeInMillis: () => 30_000 };
for (let runs = 0; runs < 2; runs += 1) await handler(JSON.parse(process.argv[2]), context);
`;

let out: string;
let functions: BuiltFunction[];
let built: BuiltFunction | undefined;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'understudy-functions-'));
  functions = buildFunctions(ROOT, out);
  [built] = functions;
  writeFileSync(join(out, 'control', TOPOLOGY_FILE), JSON.stringify(topology));
});
afterAll(() => rmSync(out, { recursive: true }));

describe('what is built', () => {
  it('has the clients that it calls, and no others', () => {
    const sources = functions.flatMap(({ metafile }) => Object.keys(metafile.inputs));
    const clients = sources.flatMap(
      (source) => /node_modules\/@aws-sdk\/(client-[\w-]+)\//.exec(source)?.[1] ?? [],
    );
    const allowed = ['client-cloudwatch', 'client-eventbridge', 'client-medialive', 'client-ssm'];
    expect(allowed).toEqual(expect.arrayContaining([...new Set(clients)]));
    expect(clients).toEqual(
      expect.arrayContaining(['client-cloudwatch', 'client-eventbridge', 'client-ssm']),
    );
    expect(built).toMatchObject({ name: 'control', file: 'control/index.mjs' });
  });

  it('is less than 2 MB, and needs no package beside it', () => {
    expect(built?.bytes).toBe(readFileSync(join(out, 'control/index.mjs')).length);
    expect(built?.bytes).toBeLessThan(2_000_000);
    const imports = Object.values(built?.metafile.outputs ?? {}).flatMap((output) => output.imports);
    expect(imports.filter(({ path }) => !/^(node:)?[a-z_0-9/]+$/.test(path))).toEqual([]);
  });

  it('is the same, byte for byte, from the same sources in another folder', () => {
    const elsewhere = join(out, 'elsewhere');
    mkdirSync(elsewhere);
    for (const name of ['runtime', 'node_modules', 'package.json', 'tsconfig.json']) {
      symlinkSync(join(ROOT, name), join(elsewhere, name));
    }
    buildFunctions(elsewhere, join(elsewhere, 'out'));
    const [one, other] = [out, join(elsewhere, 'out')].map((dir) =>
      readFileSync(join(dir, 'control/index.mjs')),
    );
    expect(other?.equals(one ?? Buffer.of())).toBe(true);
  });
});

describe('what runs', () => {
  let aws: StandIn;
  let undo: () => Promise<void>;
  beforeEach(async () => {
    aws = new StandIn();
    aws.hosts = hostsOf(topology);
    for (const { input, name } of topology.hosts) {
      aws.alarms.set(`show-input-loss-${input.replace('/', '-')}`, 'OK').set(`show-host-lost-${name}`, 'OK');
    }
    undo = await aws.open();
  });
  afterEach(() => undo());

  function call(event: object, environment: Record<string, string>) {
    const args = ['--input-type=module', '-e', CALLER, join(out, 'control/index.mjs'), JSON.stringify(event)];
    const env = { ...aws.environment, ...environment };
    return promisify(execFile)(process.execPath, args, { env });
  }

  it('handles an event, again and again, and writes one line of JSON each time and nothing else', async () => {
    const { stdout, stderr } = await call(SCHEDULED, { UNDERSTUDY_DOCUMENT: 'show-command' });
    expect(stderr).toBe('');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatchObject({
        event: 'control',
        level: 'info',
        Deployment: 'show',
        ControlSilentHosts: 0,
      });
    }
    expect(aws.inputs('SendCommand').map(({ DocumentName }) => DocumentName)).toEqual([
      'show-command',
      'show-command',
    ]);
  });

  it('refuses an event that is none', async () => {
    await expect(call({ source: 'somebody' }, { UNDERSTUDY_DOCUMENT: 'show-command' })).rejects.toThrow();
    expect(aws.calls).toEqual([]);
  });

  it('says which variable is missing before it takes any event', async () => {
    await expect(call(SCHEDULED, {})).rejects.toThrow(
      "UNDERSTUDY_DOCUMENT must name the deployment's document",
    );
  });
});
