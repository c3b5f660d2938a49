/** What Run Command would make of the document: the parameters that it takes, and the script that runs then. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CommandDocument } from '../../../lib/constructs/command-document.ts';
import { documentParameters, type HostCommand } from '../../../runtime/contract/host-command.ts';
import { testApp } from '../support/app.ts';

interface DocumentProperties {
  readonly Name: string;
  readonly UpdateMethod: string;
  readonly Content: {
    readonly parameters: Readonly<
      Record<string, { readonly allowedPattern: string; readonly default: string }>
    >;
    readonly mainSteps: ReadonlyArray<{ readonly inputs: { readonly runCommand: readonly string[] } }>;
  };
}

const stack = new Stack(testApp(), 'Stack');
new CommandDocument(stack, 'Command', { name: 'understudy-command', deployment: 'understudy' });
const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Document')) as [
  { readonly Properties: DocumentProperties },
];
const { parameters, mainSteps } = Properties.Content;

/** As Systems Manager does it: what was not given is the default, and what the pattern refuses is an error. */
function rendered(given: Readonly<Record<string, readonly string[] | undefined>>): string {
  const lines = mainSteps[0]?.inputs.runCommand ?? [];
  return lines.join('\n').replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => {
    const parameter = parameters[name];
    if (parameter === undefined) throw new Error(`no parameter ${name}`);
    const value = given[name]?.[0] ?? parameter.default;
    if (!new RegExp(parameter.allowedPattern, 'u').test(value))
      throw new Error(`${name} is refused: ${value}`);
    return value;
  });
}

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-command-'));
  const stub = '#!/bin/sh\nprintf "%s\\n" "$@"\nexit 7\n';
  writeFileSync(join(directory, 'understudy'), stub, { mode: 0o755 });
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What the command on the host is called with, and how the script ends. */
function run(given: Parameters<typeof rendered>[0]): {
  readonly status: number | null;
  readonly args: string[];
} {
  const script = rendered(given);
  const options = { env: { PATH: `${directory}:${process.env.PATH}` }, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync('sh', ['-c', script], options);
  return { status, args: stdout.split('\n').slice(0, -1) };
}

const ORDER = {
  by: 'control',
  reason: 'master/camera1 is lost (12:00:01); -x --y',
  sequence: 1_764_150_000_001,
  notAfter: 1_764_150_030_000,
  automatic: true,
};
const ORDER_OPTIONS = [
  '--by=control',
  '--reason=master/camera1 is lost (12:00:01); -x --y',
  '--json',
  '--sequence=1764150000001',
  '--not-after=1764150030000',
];

const CASES: ReadonlyArray<{ readonly command: HostCommand; readonly args: readonly string[] }> = [
  { command: { action: 'status' }, args: ['status', '--brief'] },
  {
    command: {
      action: 'switch',
      program: 'camera1',
      source: 'backup/spare',
      until: 1_764_150_600_000,
      ...ORDER,
    },
    args: ['switch', 'camera1', 'backup/spare', ...ORDER_OPTIONS, '--automatic', '--until=1764150600000'],
  },
  {
    command: { action: 'release', program: 'camera1', ...ORDER, automatic: false },
    args: ['release', 'camera1', ...ORDER_OPTIONS],
  },
  {
    command: {
      action: 'drill',
      program: 'camera1',
      kind: 'stall',
      durationMs: 5000,
      ...ORDER,
      automatic: false,
    },
    args: ['drill', 'camera1', '--kind=stall', '--for=5000ms', '--no-wait', ...ORDER_OPTIONS],
  },
];

describe('the document', () => {
  it('keeps its name, and makes a change the version that runs', () => {
    expect(Properties).toMatchObject({
      Name: 'understudy-command',
      DocumentType: 'Command',
      UpdateMethod: 'NewVersion',
      Content: { schemaVersion: '2.2' },
    });
  });

  it.each(Object.entries(parameters))('lets nothing into %s that ends a word', (_, parameter) => {
    const pattern = new RegExp(parameter.allowedPattern, 'u');
    expect(parameter.allowedPattern).toMatch(/^\^.*\$$/);
    expect(pattern.test(parameter.default)).toBe(true);
    for (const hostile of ["'", '"', '\\', '$', '`', '\n', '\r', '\0', '{{', '&', '|', '<', '>', '!', '*']) {
      for (const text of [hostile, `${parameter.default}${hostile}`, `${hostile}${parameter.default}`]) {
        expect([text, pattern.test(text)]).toEqual([text, false]);
      }
    }
  });

  it.each([
    'action',
    'program',
    'source',
    'until',
    'kind',
    'durationMs',
    'sequence',
    'notAfter',
    'automatic',
  ])('takes no blank and no semicolon in %s', (name) => {
    const { allowedPattern, default: fallback = '' } = parameters[name] ?? { allowedPattern: '' };
    for (const text of [`${fallback};`, `${fallback} `, 'a;b', 'a b', '-a']) {
      expect([text, new RegExp(allowedPattern, 'u').test(text)]).toEqual([text, false]);
    }
  });

  it.each(['bash', 'sh'])('has a script that %s can read', (shell) => {
    execFileSync(shell, ['-n'], { input: rendered({}) });
  });

  it.each(CASES)('runs the command for $command.action, and ends as it does', ({ command, args }) => {
    expect(run({ ...documentParameters(command) })).toEqual({ status: 7, args });
  });

  it('leaves to the command what a person does not say', () => {
    const given = { action: ['switch'], program: ['camera1'], source: ['slate'], reason: ['-rf'] };
    expect(run(given).args).toEqual([
      'switch',
      'camera1',
      'slate',
      '--by=Run Command',
      '--reason=-rf',
      '--json',
    ]);
    expect(run({}).args).toEqual(['status', '--brief']);
  });

  it('takes what docs/operations.md tells people to type', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
    const typed = [...page.matchAll(/^ {6}--parameters '?(action=[^'\n]+)'?$/gm)].map(
      ([, text = '']) => text,
    );
    const args = typed.map((text) => {
      const given = text.split(',').map((pair) => pair.split('='));
      return run(Object.fromEntries(given.map(([name, value = '']) => [name, [value]]))).args;
    });
    expect(args).toEqual([
      ['switch', 'camera1', 'backup/spare', '--by=desk', '--reason=encoder is being repaired', '--json'],
      [
        'drill',
        'camera1',
        '--kind=unpublish',
        '--for=10000ms',
        '--no-wait',
        '--by=desk',
        '--reason=',
        '--json',
      ],
    ]);
  });

  it('runs nothing else', () => {
    expect(() => rendered({ action: ['run'] })).toThrow('action is refused');
    // Were the pattern not there.
    const other = rendered({ action: ['drill'] }).replaceAll("'drill'", "'run'");
    const { status, stdout } = spawnSync('sh', ['-c', other], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, '']);
  });
});
