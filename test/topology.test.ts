/** What each host does with each input: pure, and the same answer on all hosts. */
import { describe, expect, it } from '@jest/globals';
import type { Config, HostConfig } from '../runtime/contract/config.ts';
import { parseConfig } from '../runtime/contract/config-problems.ts';
import { inputRoles } from '../runtime/topology.ts';

const MASTERS = [{ name: 'camera1' }, { name: 'camera2' }];
const BACKUPS = [{ name: 'spare' }];

type Hosts = Array<Partial<HostConfig> & { name: string }>;

function configOf(hosts: Hosts | undefined, host?: string): Config {
  const parsed = parseConfig({
    masters: MASTERS,
    backups: BACKUPS,
    relay: { key: { env: 'RELAY_KEY' } },
    ...(hosts && { hosts: hosts.map((entry) => ({ address: `${entry.name}.example.org`, ...entry })) }),
    ...(host !== undefined && { host }),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

/** `owned ▶ two four`, `pushed by two`, `pulled from one` */
function rolesOf(hosts: Hosts, host: string): Record<string, string> {
  const roles = [...inputRoles(configOf(hosts, host))].map(([input, role]): [string, string] => {
    if (role.role !== 'owned') return [input, `${role.role} by ${role.owner.name}`];
    return [input, `owned ▶ ${role.pushedTo.map(({ name }) => name).join(' ')}`.trim()];
  });
  return Object.fromEntries(roles);
}

const SPREAD: Hosts = [
  { name: 'one', inputs: ['master/camera1'] },
  { name: 'two', inputs: ['master/camera2'] },
  { name: 'four', inputs: ['backup/spare'] },
  { name: 'edge' },
];

const cases: { name: string; hosts: Hosts; roles: Record<string, Record<string, string>> }[] = [
  {
    name: 'a host for each input, and an edge that is in no list',
    hosts: SPREAD,
    roles: {
      one: {
        'master/camera1': 'owned ▶',
        'master/camera2': 'pulled by two',
        'backup/spare': 'pushed by four',
      },
      two: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'owned ▶',
        'backup/spare': 'pushed by four',
      },
      four: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'pulled by two',
        'backup/spare': 'owned ▶ one two',
      },
      edge: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'pulled by two',
        'backup/spare': 'pulled by four',
      },
      elsewhere: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'pulled by two',
        'backup/spare': 'pulled by four',
      },
    },
  },
  {
    name: 'a host with a master and the backup, which it does not push to itself',
    hosts: [
      { name: 'one', inputs: ['master/camera1', 'backup/spare'] },
      { name: 'two', inputs: ['master/camera2'] },
    ],
    roles: {
      one: { 'master/camera1': 'owned ▶', 'master/camera2': 'pulled by two', 'backup/spare': 'owned ▶ two' },
      two: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'owned ▶',
        'backup/spare': 'pushed by one',
      },
    },
  },
  {
    name: 'relays that are said: an edge gets the backup, a host with a master does not',
    hosts: SPREAD.map((host) => (host.name === 'four' ? { ...host, relays: ['edge', 'one'] } : host)),
    roles: {
      one: {
        'master/camera1': 'owned ▶',
        'master/camera2': 'pulled by two',
        'backup/spare': 'pushed by four',
      },
      two: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'owned ▶',
        'backup/spare': 'pulled by four',
      },
      four: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'pulled by two',
        'backup/spare': 'owned ▶ one edge',
      },
      edge: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'pulled by two',
        'backup/spare': 'pushed by four',
      },
    },
  },
  {
    name: 'no relays at all, said by an empty list',
    hosts: SPREAD.map((host) => (host.name === 'four' ? { ...host, relays: [] } : host)),
    roles: {
      one: {
        'master/camera1': 'owned ▶',
        'master/camera2': 'pulled by two',
        'backup/spare': 'pulled by four',
      },
      four: {
        'master/camera1': 'pulled by one',
        'master/camera2': 'pulled by two',
        'backup/spare': 'owned ▶',
      },
    },
  },
];

describe('what a host does with an input', () => {
  it.each(cases)('$name', ({ hosts, roles }) => {
    for (const [host, expected] of Object.entries(roles)) {
      expect({ [host]: rolesOf(hosts, host) }).toEqual({ [host]: expected });
    }
  });

  it.each(cases)('fits what the others do with it: $name', ({ hosts }) => {
    const all = hosts.map(({ name }) => ({ name, roles: inputRoles(configOf(hosts, name)) }));
    for (const input of all[0]?.roles.keys() ?? []) {
      const owners = all.filter(({ roles }) => roles.get(input)?.role === 'owned');
      expect(owners).toHaveLength(1);
      const role = owners[0]?.roles.get(input);
      const pushedTo = role?.role === 'owned' ? role.pushedTo.map(({ name }) => name) : [];
      const pushed = all.filter(({ roles }) => roles.get(input)?.role === 'pushed').map(({ name }) => name);
      expect(pushedTo).toEqual(pushed);
    }
  });

  it('is all of it where there is one host', () => {
    const roles = inputRoles(configOf(undefined));
    expect([...roles]).toEqual(
      ['master/camera1', 'master/camera2', 'backup/spare'].map((input) => [
        input,
        { role: 'owned', pushedTo: [] },
      ]),
    );
  });

  it('knows the other hosts by their own ports, and by the default one', () => {
    const hosts = SPREAD.map((host) => (host.name === 'one' ? { ...host, rtmpPort: 1_936 } : host));
    const roles = inputRoles(configOf(hosts, 'edge'));
    expect(roles.get('master/camera1')).toMatchObject({
      owner: { name: 'one', address: 'one.example.org', rtmpPort: 1_936 },
    });
    expect(roles.get('master/camera2')).toMatchObject({ owner: { rtmpPort: 1_935 } });
  });

  it('stops on an input that the configuration let through without a host', () => {
    const config = configOf(SPREAD, 'one');
    const hosts = config.hosts?.filter(({ name }) => name !== 'four') ?? [];
    expect(() => inputRoles({ ...config, hosts })).toThrow('backup/spare');
  });
});
