/** Which host this one is: the command line before the environment before the file, and what is said otherwise. */
import { hostname } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import type { Config } from '../runtime/contract/config.ts';
import { parseConfig } from '../runtime/contract/config-problems.ts';
import { chooseHost } from '../runtime/host-choice.ts';

function configOf(more: object): Config {
  const parsed = parseConfig({ masters: [{ name: 'camera1' }], ...more });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

const HOSTS = {
  hosts: [
    { name: 'one', address: '192.0.2.1', inputs: ['master/camera1'] },
    { name: 'edge', address: '192.0.2.2' },
  ],
  relay: { key: { env: 'RELAY_KEY' } },
};

interface Case {
  readonly name: string;
  readonly file?: object;
  readonly host?: string;
  readonly edge?: boolean;
  readonly env?: Record<string, string>;
  readonly chosen?: string;
  readonly problem?: { readonly value: unknown; readonly fix: string; readonly allowed?: string };
}

const cases: Case[] = [
  { name: 'one host, and nothing is said', file: {}, chosen: hostname() },
  { name: 'one host that has any name', file: {}, host: 'Studio.example.org', chosen: 'Studio.example.org' },
  { name: 'one host, named in the file', file: { host: 'studio' }, chosen: 'studio' },
  { name: 'the file', file: { ...HOSTS, host: 'edge' }, chosen: 'edge' },
  {
    name: 'the environment before the file',
    file: { ...HOSTS, host: 'edge' },
    env: { UNDERSTUDY_HOST: 'one' },
    chosen: 'one',
  },
  {
    name: 'an environment that is empty says nothing',
    file: { ...HOSTS, host: 'edge' },
    env: { UNDERSTUDY_HOST: '' },
    chosen: 'edge',
  },
  { name: 'the command line before all', host: 'one', env: { UNDERSTUDY_HOST: 'edge' }, chosen: 'one' },
  { name: 'a known host that is called an edge', host: 'edge', edge: true, chosen: 'edge' },
  { name: 'an edge that is not in the list', host: 'edge-7', edge: true, chosen: 'edge-7' },
  { name: 'an edge by the environment', env: { UNDERSTUDY_HOST: 'e7' }, edge: true, chosen: 'e7' },
  { name: 'nothing is said', problem: { value: undefined, fix: '--host NAME' } },
  { name: 'an edge without a name', edge: true, problem: { value: undefined, fix: 'UNDERSTUDY_HOST' } },
  { name: 'a slip of the hand', host: 'onw', problem: { value: 'onw', fix: 'Did you mean "one"?' } },
  { name: 'a host that nobody knows', host: 'studio', problem: { value: 'studio', fix: 'add --edge' } },
  { name: 'no name at all', host: '', problem: { value: '', fix: '--host NAME' } },
  {
    name: 'an edge whose name is none',
    host: 'Edge 7',
    edge: true,
    problem: { value: 'Edge 7', fix: 'lower-case letters' },
  },
  {
    name: 'an edge by the name of a host that takes an input',
    env: { UNDERSTUDY_HOST: 'one' },
    edge: true,
    problem: {
      value: 'one',
      fix: 'takes master/camera1',
      allowed: 'a host without inputs, because of --edge',
    },
  },
];

describe('which host this one is', () => {
  it.each(cases)('$name', ({ file = HOSTS, host, edge = false, env = {}, chosen, problem }) => {
    const config = configOf(file);
    const choice = chooseHost(config, { ...(host !== undefined && { host }), edge }, env);
    if (problem === undefined) {
      expect(choice).toEqual({ config: { ...config, host: chosen } });
      return;
    }
    expect(choice).toEqual({
      problem: {
        key: 'host',
        value: problem.value,
        allowed: problem.allowed ?? 'one or edge',
        fix: expect.stringContaining(problem.fix),
      },
    });
  });
});
