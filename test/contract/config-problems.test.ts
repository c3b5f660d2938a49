/** What is wrong with a configuration is said completely, at once, and without a secret in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { configJsonSchema, configuredInputs } from '../../runtime/contract/config.ts';
import {
  type ConfigProblem,
  formatProblems,
  jsonSyntaxProblem,
  parseConfig,
} from '../../runtime/contract/config-problems.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MASTERS = [{ name: 'camera1' }, { name: 'camera2' }];
const SECRET = 'sup3rsecret';

function problemsOf(raw: unknown): ConfigProblem[] {
  const parsed = parseConfig(raw);
  return parsed.ok ? [] : parsed.problems;
}

/** `allowed` and `fix` are parts of the texts; problems are exactly these, in this order. */
interface Case {
  readonly name: string;
  readonly raw: unknown;
  readonly problems: readonly { key: string; value?: unknown; allowed: string; fix: string }[];
}

const schemaCases: Case[] = [
  {
    name: 'no object',
    raw: [],
    problems: [{ key: '(the file)', value: [], allowed: '"masters": …', fix: 'Write it in this form' }],
  },
  {
    name: 'no masters',
    raw: {},
    problems: [{ key: 'masters', allowed: 'a list of 1 to 20', fix: '"masters": [{ "name": "camera1" }]' }],
  },
  {
    name: 'an empty list of masters',
    raw: { masters: [] },
    problems: [{ key: 'masters', value: [], allowed: 'a list of 1 to 20', fix: 'Name at least one' }],
  },
  {
    name: 'too many backups',
    raw: { masters: MASTERS, backups: ['a', 'b', 'c', 'd'].map((name) => ({ name })) },
    problems: [
      {
        key: 'backups',
        value: [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }],
        allowed: 'a list of 0 to 3',
        fix: 'Write it as such a list',
      },
    ],
  },
  {
    name: 'a name against the rule, and one missing',
    raw: { masters: [{ name: 'Camera 1' }, {}] },
    problems: [
      { key: 'masters[0].name', value: 'Camera 1', allowed: 'lower-case letters', fix: 'follow this rule' },
      { key: 'masters[1].name', allowed: 'lower-case letters', fix: 'Add "name".' },
    ],
  },
  {
    name: 'a word that is nearly one of the allowed',
    raw: { masters: MASTERS, failover: { failback: 'atuo' } },
    problems: [
      {
        key: 'failover.failback',
        value: 'atuo',
        allowed: '"auto", "manual" or "sticky"',
        fix: 'Did you mean "auto"?',
      },
    ],
  },
  {
    name: 'a word that is nowhere near',
    raw: { masters: MASTERS, failover: { contention: 'fight' } },
    problems: [
      {
        key: 'failover.contention',
        value: 'fight',
        allowed: '"share", "priority" or "exclusive"',
        fix: 'for the default, "share"',
      },
    ],
  },
  {
    name: 'a number out of range, one in quotes, one with a fraction, one that is null',
    raw: {
      masters: MASTERS,
      failover: { stallTimeoutMs: 50, failbackHoldMs: '5000', degradedAfterMs: null },
      http: { port: 80.5 },
    },
    problems: [
      {
        key: 'failover.stallTimeoutMs',
        value: 50,
        allowed: 'a whole number from 100 to 10000',
        fix: 'for the default, 500',
      },
      {
        key: 'failover.failbackHoldMs',
        value: '5000',
        allowed: 'a whole number from 0 to 600000',
        fix: 'Write 5000, without quotes.',
      },
      {
        key: 'failover.degradedAfterMs',
        value: null,
        allowed: 'a whole number from 100 to 600000',
        fix: 'for the default, 2000',
      },
      { key: 'http.port', value: 80.5, allowed: 'a whole number from 0 to 65535', fix: 'default, 8080' },
    ],
  },
  {
    name: 'a key with a slip of the hand',
    raw: { masters: MASTERS, failover: { failbackHoldms: 5000 } },
    problems: [
      {
        key: 'failover.failbackHoldms',
        value: 5000,
        allowed: 'the keys onLoss, stallTimeoutMs, failback, failbackHoldMs',
        fix: 'Did you mean failbackHoldMs?',
      },
    ],
  },
  {
    name: 'a key in the wrong section, and one of nowhere',
    raw: { masters: MASTERS, stallTimeoutMs: 800, colour: 'red' },
    problems: [
      {
        key: 'stallTimeoutMs',
        value: 800,
        allowed: 'the keys $schema, masters',
        fix: 'Did you mean failover.stallTimeoutMs? Move it there.',
      },
      { key: 'colour', value: 'red', allowed: 'the keys $schema, masters', fix: 'Take it out.' },
    ],
  },
  {
    name: 'keys that every object inherits',
    raw: { masters: MASTERS, constructor: 1, http: JSON.parse('{ "__proto__": 2 }') },
    problems: [
      { key: 'http.__proto__', value: 2, allowed: 'the keys host, port', fix: 'Take it out.' },
      { key: 'constructor', value: 1, allowed: 'the keys $schema', fix: 'Take it out.' },
    ],
  },
  {
    name: 'several mistakes within one form of several',
    raw: { masters: MASTERS, slate: { file: 1, loop: true } },
    problems: [
      { key: 'slate.file', value: 1, allowed: 'text that is not empty', fix: 'Choose one of these.' },
      { key: 'slate.loop', value: true, allowed: 'the keys file', fix: 'Take it out.' },
    ],
  },
  {
    name: 'a slate of no known form',
    raw: { masters: MASTERS, slate: true },
    problems: [{ key: 'slate', value: true, allowed: 'false or { "file": … }', fix: 'or leave "slate" out' }],
  },
];

const crossCases: Case[] = [
  {
    name: 'the same name twice in each list, but not across them',
    raw: {
      masters: [{ name: 'a' }, { name: 'b' }, { name: 'a' }],
      backups: [{ name: 'a' }, { name: 'a' }],
      programs: [
        { name: 'a', candidates: ['master/a'] },
        { name: 'a', candidates: ['master/b'] },
      ],
    },
    problems: [
      { key: 'masters[2].name', value: 'a', allowed: 'among the masters', fix: 'masters[0].name' },
      { key: 'backups[1].name', value: 'a', allowed: 'among the backups', fix: 'backups[0].name' },
      { key: 'programs[1].name', value: 'a', allowed: 'among the programs', fix: 'programs[0].name' },
    ],
  },
  {
    name: 'candidates that are not configured',
    raw: {
      masters: MASTERS,
      programs: [{ name: 'p', candidates: ['master/camrea1', 'camera2', 'backup/x'] }],
    },
    problems: [
      {
        key: 'programs[0].candidates[1]',
        value: 'camera2',
        allowed: 'master/camera1, master/camera2 or slate',
        fix: 'Did you mean "master/camera2"?',
      },
      {
        key: 'programs[0].candidates[0]',
        value: 'master/camrea1',
        allowed: 'master/camera1, master/camera2 or slate',
        fix: 'Did you mean "master/camera1"?',
      },
      {
        key: 'programs[0].candidates[2]',
        value: 'backup/x',
        allowed: 'master/camera1, master/camera2 or slate',
        fix: 'Name a configured input',
      },
    ],
  },
  {
    name: 'a slate that is turned off, a candidate twice',
    raw: {
      masters: MASTERS,
      slate: false,
      programs: [{ name: 'p', candidates: ['master/camera1', 'slate', 'master/camera1'] }],
    },
    problems: [
      {
        key: 'programs[0].candidates[1]',
        value: 'slate',
        allowed: 'master/camera1 or master/camera2',
        fix: '"slate": false',
      },
      {
        key: 'programs[0].candidates[2]',
        value: 'master/camera1',
        allowed: 'each candidate once',
        fix: 'programs[0].candidates[0] is the same',
      },
    ],
  },
  {
    name: 'programs that can never be live',
    raw: {
      masters: MASTERS,
      programs: [
        { name: 'p', candidates: ['slate'] },
        { name: 'q', candidates: [] },
      ],
    },
    problems: [
      { key: 'programs[1].candidates', value: [], allowed: 'a list of 1 to 24', fix: 'such a list' },
      {
        key: 'programs[0].candidates',
        value: ['slate'],
        allowed: 'at least one master or backup',
        fix: 'Add an input',
      },
    ],
  },
  {
    name: 'two listeners on a port',
    raw: { masters: MASTERS, rtmp: { port: 9000 }, http: { port: 9000 } },
    problems: [{ key: 'http.port', value: 9000, allowed: 'no other listener', fix: 'rtmp.port is 9000.' }],
  },
  {
    name: 'metrics on the port of another listener',
    raw: { masters: MASTERS, metrics: { port: 8081 } },
    problems: [
      {
        key: 'metrics.port',
        value: 8081,
        allowed: 'no other listener',
        fix: 'control.port is 8081 by default.',
      },
    ],
  },
  {
    name: 'a listener on the default port of another: the one that was written is to blame',
    raw: { masters: MASTERS, rtmp: { port: 8081 } },
    problems: [
      {
        key: 'rtmp.port',
        value: 8081,
        allowed: 'no other listener',
        fix: 'control.port is 8081 by default.',
      },
    ],
  },
  {
    name: 'any free port, three times',
    raw: { masters: MASTERS, rtmp: { port: 0 }, http: { port: 0 }, control: { port: 0 } },
    problems: [],
  },
  {
    name: 'holds longer than the longest',
    raw: {
      masters: MASTERS,
      failover: { failbackHoldMs: 400_000 },
      programs: [{ name: 'p', candidates: ['master/camera1'], failbackHoldMs: 300_001 }],
    },
    problems: [
      {
        key: 'failover.failbackHoldMs',
        value: 400_000,
        allowed: '300000 or less, because of failover.flap.maxHoldMs',
        fix: 'Make it smaller',
      },
      {
        key: 'programs[0].failbackHoldMs',
        value: 300_001,
        allowed: '300000 or less, because of failover.flap.maxHoldMs',
        fix: 'Make it smaller',
      },
    ],
  },
  {
    name: 'a longest hold below the default hold',
    raw: { masters: MASTERS, failover: { flap: { maxHoldMs: 9999 } } },
    problems: [
      {
        key: 'failover.flap.maxHoldMs',
        value: 9999,
        allowed: '10000 or more, because of failover.failbackHoldMs',
        fix: 'Make it greater',
      },
    ],
  },
  {
    name: 'a hold as long as the longest',
    raw: { masters: MASTERS, failover: { flap: { maxHoldMs: 10_000 } } },
    problems: [],
  },
  {
    name: 'a warm buffer that does not outlast the detection of a stall',
    raw: { masters: MASTERS, warmBuffer: { limitMs: 500 } },
    problems: [
      {
        key: 'warmBuffer.limitMs',
        value: 500,
        allowed: 'more than 500, because of failover.stallTimeoutMs',
        fix: 'Make it greater',
      },
    ],
  },
  {
    name: 'two inputs with the same key',
    raw: {
      masters: [
        { name: 'a', key: { env: 'KEY_A' } },
        { name: 'b', key: { file: 'a.key' } },
      ],
      backups: [
        { name: 'c', key: { env: 'KEY_A' } },
        { name: 'd', key: { file: 'a.key' } },
      ],
    },
    problems: [
      { key: 'backups[0].key.env', value: '(hidden)', allowed: 'no other key', fix: 'masters[0].key.env' },
      {
        key: 'backups[1].key.file',
        value: '(hidden)',
        allowed: 'no other key',
        fix: 'masters[1].key.file',
      },
    ],
  },
];

const mixedCases: Case[] = [
  {
    name: 'problems of the schema and between keys, together',
    raw: {
      masters: [{ name: 'camera1', flor: {} }, { name: 'camera1' }],
      programs: [{ name: 'p', candidates: ['backup/spare'] }],
      failover: { failback: 5, failbackHoldMs: 500_000 },
      http: { port: 1935 },
      viewers: null,
    },
    problems: [
      { key: 'masters[0].flor', value: {}, allowed: 'the keys name, key, camera, floor', fix: 'floor?' },
      { key: 'failover.failback', value: 5, allowed: '"auto"', fix: 'Choose one of these' },
      { key: 'viewers', value: null, allowed: '"maxViewers": …', fix: 'Write it in this form' },
      { key: 'masters[1].name', value: 'camera1', allowed: 'a name of its own', fix: 'masters[0].name' },
      {
        key: 'programs[0].candidates[0]',
        value: 'backup/spare',
        allowed: 'master/camera1 or slate',
        fix: 'Name a configured input',
      },
      { key: 'http.port', value: 1935, allowed: 'no other listener', fix: 'rtmp.port is 1935 by default.' },
      { key: 'failover.failbackHoldMs', value: 500_000, allowed: '300000 or less', fix: 'Make it smaller' },
    ],
  },
  {
    name: 'a value that is already wrong is compared with nothing',
    raw: {
      masters: MASTERS,
      failover: { stallTimeoutMs: 90_000, flap: { maxHoldMs: -1 } },
      rtmp: { port: 70_000 },
      http: { port: 70_000 },
    },
    problems: [
      { key: 'failover.stallTimeoutMs', value: 90_000, allowed: '100 to 10000', fix: 'default, 500' },
      { key: 'failover.flap.maxHoldMs', value: -1, allowed: '0 to 3600000', fix: 'default, 300000' },
      { key: 'rtmp.port', value: 70_000, allowed: '0 to 65535', fix: 'default, 1935' },
      { key: 'http.port', value: 70_000, allowed: '0 to 65535', fix: 'default, 8080' },
    ],
  },
  {
    name: 'candidates where no input can be read',
    raw: {
      masters: 'camera1',
      slate: false,
      programs: [{ name: 'p', candidates: ['master/camera1', 'slate'] }],
    },
    problems: [
      { key: 'masters', value: 'camera1', allowed: 'a list', fix: 'Name at least one' },
      {
        key: 'programs[0].candidates[1]',
        value: 'slate',
        allowed: 'a configured input',
        fix: '"slate": false',
      },
    ],
  },
];

const RELAY = { key: { env: 'RELAY_KEY' } };
const ONE = { name: 'one', address: '192.0.2.1', inputs: ['master/camera1', 'master/camera2'] };
const FOUR = { name: 'four', address: '2001:db8::4', inputs: ['backup/spare'] };

/** Two hosts without a problem, but for what is changed. */
function withHosts(changes: object): object {
  return { masters: MASTERS, backups: [{ name: 'spare' }], relay: RELAY, hosts: [ONE, FOUR], ...changes };
}

const hostCases: Case[] = [
  {
    name: 'hosts without a key to know each other by',
    raw: withHosts({ relay: {} }),
    problems: [{ key: 'relay.key', allowed: '{"env": …}', fix: '"relay": {"key": {"env": "RELAY_KEY"}}' }],
  },
  {
    name: 'the relay key of a master',
    raw: withHosts({ masters: [{ name: 'camera1', key: { env: 'RELAY_KEY' } }, { name: 'camera2' }] }),
    problems: [
      {
        key: 'relay.key.env',
        value: '(hidden)',
        allowed: 'what no other key names',
        fix: 'the relay and the viewers a key of their own: masters[0].key.env',
      },
    ],
  },
  {
    name: 'the play key of the relay',
    raw: withHosts({ viewers: { playKey: { env: 'RELAY_KEY' } } }),
    problems: [
      {
        key: 'viewers.playKey.env',
        value: '(hidden)',
        allowed: 'what no other key names',
        fix: 'a key of their own: relay.key.env',
      },
    ],
  },
  {
    name: 'a play key of another form',
    raw: withHosts({ viewers: { playKey: { env: 'PLAY_KEY', file: 'play.key' } } }),
    problems: [
      { key: 'viewers.playKey', value: '(hidden)', allowed: '{ "env": … }', fix: 'Write one of these.' },
    ],
  },
  {
    name: 'no host in the list',
    raw: withHosts({ hosts: [] }),
    problems: [{ key: 'hosts', value: [], allowed: 'a list of 1 to 100', fix: 'Write it as such a list' }],
  },
  {
    name: 'a name against the rule, an address of another form, and a port that is none',
    raw: withHosts({
      hosts: [
        { ...ONE, name: 'One', address: 'rtmp://a/b' },
        { ...FOUR, rtmpPort: 0 },
      ],
    }),
    problems: [
      { key: 'hosts[0].name', value: 'One', allowed: 'lower-case letters', fix: 'follow this rule' },
      { key: 'hosts[0].address', value: 'rtmp://a/b', allowed: 'without scheme and port', fix: 'this rule' },
      { key: 'hosts[1].rtmpPort', value: 0, allowed: 'from 1 to 65535', fix: 'a whole number in this range' },
    ],
  },
  {
    name: 'an address with its port, and one that is missing',
    raw: withHosts({
      hosts: [
        { ...ONE, address: '192.0.2.1:1935' },
        { ...FOUR, address: undefined },
      ],
    }),
    problems: [
      { key: 'hosts[1].address', allowed: 'an IP address', fix: 'Add "address".' },
      {
        key: 'hosts[0].address',
        value: '192.0.2.1:1935',
        allowed: 'without scheme and port',
        fix: 'write it as "rtmpPort"',
      },
    ],
  },
  {
    name: 'two hosts in one place',
    raw: withHosts({ hosts: [ONE, { ...FOUR, address: ONE.address, rtmpPort: 1935 }] }),
    problems: [
      {
        key: 'hosts[1].address',
        value: '192.0.2.1',
        allowed: 'that no other host has',
        fix: 'hosts[0] is reached there',
      },
    ],
  },
  {
    name: 'a host whose port is known only once it runs',
    raw: withHosts({ rtmp: { port: 0 }, hosts: [{ ...ONE, rtmpPort: 1936 }, FOUR] }),
    problems: [{ key: 'hosts[1].rtmpPort', allowed: 'because rtmp.port is 0', fix: 'Add "rtmpPort"' }],
  },
  {
    name: 'two hosts of one name',
    raw: withHosts({ hosts: [ONE, { ...FOUR, name: 'one' }] }),
    problems: [
      {
        key: 'hosts[1].name',
        value: 'one',
        allowed: 'a name of its own among the hosts',
        fix: 'Rename it: hosts[0].name',
      },
    ],
  },
  {
    name: 'an input that is not configured, and one that nobody takes',
    raw: withHosts({ hosts: [ONE, { ...FOUR, inputs: ['backup/spar'] }] }),
    problems: [
      {
        key: 'hosts[1].inputs[0]',
        value: 'backup/spar',
        allowed: 'master/camera1, master/camera2 or backup/spare',
        fix: 'Did you mean "backup/spare"?',
      },
      {
        key: 'hosts',
        value: [ONE, { ...FOUR, inputs: ['backup/spar'] }],
        allowed: 'take all inputs, each of them once',
        fix: 'Add backup/spare to the "inputs" of a host.',
      },
    ],
  },
  {
    name: 'inputs that nobody takes',
    raw: withHosts({ hosts: [{ ...ONE, inputs: [] }] }),
    problems: [
      {
        key: 'hosts',
        value: [{ ...ONE, inputs: [] }],
        allowed: 'take all inputs',
        fix: 'Add master/camera1, master/camera2, backup/spare to the "inputs" of a host.',
      },
    ],
  },
  {
    name: 'an input that two hosts take',
    raw: withHosts({ hosts: [ONE, { ...FOUR, inputs: ['backup/spare', 'master/camera2'] }] }),
    problems: [
      {
        key: 'hosts[1].inputs[1]',
        value: 'master/camera2',
        allowed: 'no other host takes',
        fix: 'Take it out: hosts[0].inputs[1] is the same.',
      },
    ],
  },
  {
    name: 'relays to a mistyped host, to itself, to nobody, and twice',
    raw: withHosts({ hosts: [ONE, { ...FOUR, relays: ['oen', 'four', 'somewhere', 'one', 'one'] }] }),
    problems: [
      { key: 'hosts[1].relays[0]', value: 'oen', allowed: 'one', fix: 'Did you mean "one"?' },
      {
        key: 'hosts[1].relays[1]',
        value: 'four',
        allowed: 'one',
        fix: 'Take it out: a host has its own inputs.',
      },
      { key: 'hosts[1].relays[2]', value: 'somewhere', allowed: 'one', fix: 'Name one of the hosts.' },
      {
        key: 'hosts[1].relays[4]',
        value: 'one',
        allowed: 'each host once',
        fix: 'Take it out: hosts[1].relays[3] is the same.',
      },
    ],
  },
  {
    name: 'relays of a host without a backup',
    raw: withHosts({ hosts: [{ ...ONE, relays: ['four'] }, FOUR] }),
    problems: [
      {
        key: 'hosts[0].relays',
        value: ['four'],
        allowed: 'nothing, for a host that takes no backup',
        fix: 'Take it out: masters are not pushed',
      },
    ],
  },
  {
    name: 'contention that all hosts would have to agree on',
    raw: withHosts({ failover: { contention: 'exclusive' } }),
    problems: [
      {
        key: 'failover.contention',
        value: 'exclusive',
        allowed: '"share", because of hosts',
        fix: 'Leave it out: each host decides',
      },
    ],
  },
  {
    name: 'a host whose name is none, and a deployment',
    raw: withHosts({ host: 'Two!', name: 'My studio' }),
    problems: [
      { key: 'name', value: 'My studio', allowed: 'lower-case letters', fix: 'follow this rule' },
      { key: 'host', value: 'Two!', allowed: 'lower-case letters', fix: 'follow this rule' },
    ],
  },
  {
    name: 'relay settings out of their bounds',
    raw: withHosts({ relay: { ...RELAY, lingerMs: -1, queueLimitBytes: 1, keepWarm: 'yes' } }),
    problems: [
      { key: 'relay.keepWarm', value: 'yes', allowed: 'true or false', fix: 'default, false' },
      { key: 'relay.lingerMs', value: -1, allowed: '0 to 3600000', fix: 'default, 30000' },
      { key: 'relay.queueLimitBytes', value: 1, allowed: '65536 to 268435456', fix: 'default, 16777216' },
    ],
  },
  {
    name: 'cameras of another protocol, and of none',
    raw: {
      masters: [
        { name: 'a', camera: { url: 'http://192.0.2.9/live' } },
        { name: 'b', camera: {} },
      ],
    },
    problems: [
      {
        key: 'masters[0].camera.url',
        value: 'http://192.0.2.9/live',
        allowed: 'rtsp://HOST/PATH or rtmp://HOST/APP/STREAM',
        fix: 'follow this rule',
      },
      { key: 'masters[1].camera.url', allowed: 'without a user and a password', fix: 'Add "url".' },
    ],
  },
  {
    name: 'metrics on a port that is taken, and to a region and a namespace that are none',
    raw: {
      masters: MASTERS,
      metrics: {
        port: 8081,
        cloudWatch: { region: 'Frankfurt', namespace: 'AWS/x', regoin: 'eu-central-1' },
      },
    },
    problems: [
      { key: 'metrics.cloudWatch.region', value: 'Frankfurt', allowed: 'as eu-central-1', fix: 'this rule' },
      {
        key: 'metrics.cloudWatch.namespace',
        value: 'AWS/x',
        allowed: 'not beginning with AWS/',
        fix: 'rule',
      },
      {
        key: 'metrics.cloudWatch.regoin',
        value: 'eu-central-1',
        allowed: 'the keys region, namespace',
        fix: 'Did you mean region?',
      },
      {
        key: 'metrics.port',
        value: 8081,
        allowed: 'a port that no other listener has',
        fix: 'control.port is 8081 by default',
      },
    ],
  },
  {
    name: 'CloudWatch that is switched on without saying how',
    raw: { masters: MASTERS, metrics: { cloudWatch: true } },
    problems: [
      {
        key: 'metrics.cloudWatch',
        value: true,
        allowed: 'false or { "region": …, "namespace": … }',
        fix: 'for the default, false',
      },
    ],
  },
  {
    name: 'a drain that is no section, and a time that is none',
    raw: { masters: MASTERS, drain: 30_000 },
    problems: [{ key: 'drain', value: 30_000, allowed: '{ "timeoutMs": … }', fix: 'Write it in this form' }],
  },
  {
    name: 'a drain beyond its bounds',
    raw: { masters: MASTERS, drain: { timeoutMs: 3_600_001 } },
    problems: [{ key: 'drain.timeoutMs', value: 3_600_001, allowed: '0 to 3600000', fix: 'default, 30000' }],
  },
];

describe('a configuration with problems', () => {
  it.each([...schemaCases, ...crossCases, ...mixedCases, ...hostCases])('$name', ({ raw, problems }) => {
    const expected = problems.map(({ key, value, allowed, fix }) => ({
      key,
      value,
      allowed: expect.stringContaining(allowed),
      fix: expect.stringContaining(fix),
    }));
    expect(problemsOf(raw)).toEqual(expected);
  });
});

describe('hosts without a problem', () => {
  it.each([
    { name: 'as they are', changes: {} },
    { name: 'with contention said as it is', changes: { failover: { contention: 'share' } } },
    { name: 'with relays to each host once', changes: { hosts: [ONE, { ...FOUR, relays: ['one'] }] } },
    { name: 'with a host that need not be in the list', changes: { host: 'edge-7' } },
    {
      name: 'on one machine, each at a port of its own',
      changes: { hosts: [ONE, { ...FOUR, address: ONE.address, rtmpPort: 1936 }] },
    },
    { name: 'with a short IPv6 address', changes: { hosts: [{ ...ONE, address: '::1' }, FOUR] } },
  ])('$name', ({ changes }) => {
    expect(problemsOf(withHosts(changes))).toEqual([]);
  });
});

describe('secrets', () => {
  const cases: { name: string; raw: unknown; key: string }[] = [
    { name: 'a key written inline', raw: { masters: [{ name: 'a', key: SECRET }] }, key: 'masters[0].key' },
    {
      name: 'as a variable',
      raw: { masters: [{ name: 'a', key: { env: SECRET } }] },
      key: 'masters[0].key.env',
    },
    {
      name: 'of another form',
      raw: { masters: [{ name: 'a', key: { value: SECRET } }] },
      key: 'masters[0].key',
    },
    { name: 'with the name mistyped', raw: { masters: [{ name: 'a', kye: SECRET }] }, key: 'masters[0].kye' },
    {
      name: 'an unknown streamKey',
      raw: { masters: [{ name: 'a', streamKey: SECRET }] },
      key: 'masters[0].streamKey',
    },
    { name: 'an unknown password', raw: { masters: MASTERS, adminPassword: SECRET }, key: 'adminPassword' },
    { name: 'an unknown token', raw: { masters: MASTERS, http: { TOKEN: SECRET } }, key: 'http.TOKEN' },
    { name: 'inside an unknown key', raw: { masters: MASTERS, more: [{ secret: [SECRET] }] }, key: 'more' },
    {
      name: 'inside a value of the wrong type',
      raw: { masters: { name: 'a', key: SECRET } },
      key: 'masters',
    },
    {
      name: 'in a URL for a name',
      raw: { masters: [{ name: `a?key=${SECRET}&b` }] },
      key: 'masters[0].name',
    },
    {
      name: 'in a URL for a host',
      raw: { masters: MASTERS, rtmp: { host: `rtmp://me:${SECRET}@a` } },
      key: 'rtmp.host',
    },
    {
      name: 'as an unknown key',
      raw: { masters: MASTERS, [`a?key=${SECRET}`]: 1 },
      key: '["a?key=(hidden)"]',
    },
    { name: 'a relay key written inline', raw: withHosts({ relay: { key: SECRET } }), key: 'relay.key' },
    {
      name: 'a relay key as a variable',
      raw: withHosts({ relay: { key: { env: SECRET } } }),
      key: 'relay.key.env',
    },
    {
      name: 'a play key written inline',
      raw: { masters: MASTERS, viewers: { playKey: SECRET } },
      key: 'viewers.playKey',
    },
    {
      name: 'a play key as a variable',
      raw: { masters: MASTERS, viewers: { playKey: { env: SECRET } } },
      key: 'viewers.playKey.env',
    },
    {
      name: 'a signature in a URL for a name',
      raw: { masters: [{ name: `a?expires=1&signature=${SECRET}` }] },
      key: 'masters[0].name',
    },
    {
      name: "in the URL of a camera, as a user's password",
      raw: { masters: [{ name: 'a', camera: { url: `rtsp://me:${SECRET}@192.0.2.9/live` } }] },
      key: 'masters[0].camera.url',
    },
    {
      name: 'a login written inline',
      raw: { masters: [{ name: 'a', camera: { url: 'rtsp://192.0.2.9/live', login: `me:${SECRET}` } }] },
      key: 'masters[0].camera.login',
    },
    {
      name: 'a login as a variable',
      raw: { masters: [{ name: 'a', camera: { url: 'rtsp://192.0.2.9/live', login: { env: SECRET } } }] },
      key: 'masters[0].camera.login.env',
    },
    {
      name: 'an unknown password of a camera',
      raw: { masters: [{ name: 'a', camera: { url: 'rtsp://192.0.2.9/live', password: SECRET } }] },
      key: 'masters[0].camera.password',
    },
    {
      name: 'in the address of a host',
      raw: withHosts({ hosts: [{ ...ONE, address: `rtmp://me:${SECRET}@a` }, FOUR] }),
      key: 'hosts[0].address',
    },
    { name: 'as the whole file', raw: SECRET, key: '(the file)' },
  ];

  it.each(cases)('are not printed: $name', ({ raw, key }) => {
    const problems = problemsOf(raw);
    expect(problems.map((problem) => problem.key)).toEqual([key]);
    expect(JSON.stringify(problems)).not.toContain(SECRET);
    const text = formatProblems(problems, 'understudy.config.json');
    expect(text).not.toContain(SECRET);
    expect(text).toContain('(hidden)');
  });

  it.each([
    { name: 'the relay key', raw: withHosts({ relay: { key: SECRET } }), fix: '"key": {"env": "RELAY_KEY"}' },
    {
      name: 'the play key',
      raw: { masters: MASTERS, viewers: { playKey: SECRET } },
      fix: '"playKey": {"env": "PLAY_KEY"}',
    },
    {
      name: "a camera's login",
      raw: { masters: [{ name: 'a', camera: { url: 'rtsp://192.0.2.9/live', login: SECRET } }] },
      fix: '"login": {"env": "CAMERA1_LOGIN"}',
    },
  ])('of $name are told where it belongs, and that none is made', ({ raw, fix }) => {
    const [problem] = problemsOf(raw);
    expect(problem?.fix).toContain(fix);
    expect(problem?.fix).not.toContain('generated');
  });

  it('are told where they belong', () => {
    const [inline, mistyped] = problemsOf({
      masters: [
        { name: 'a', key: SECRET },
        { name: 'b', kye: SECRET },
      ],
    });
    expect(inline?.fix).toMatch(/do not belong in this file.*\{"env": .*\{"file": /);
    expect(mistyped?.fix).toMatch(/^Did you mean key\? Secrets do not belong in this file/);
  });

  it('are not quoted from JSON that does not parse', () => {
    const text = `{ "masters": [{ "name": "a", "key": ${SECRET} }] }`;
    expect(formatProblems([syntaxProblem(text)], 'f')).not.toMatch(/sup3r/);
  });
});

describe('the printed form', () => {
  it('is a block a problem: key, value, what is allowed, the fix', () => {
    const problems = problemsOf({ failover: { failback: 'x'.repeat(100) } });
    expect(formatProblems(problems, 'understudy.config.json')).toBe(
      [
        'understudy.config.json has 2 problems.',
        '',
        'masters',
        '  given    (nothing)',
        '  allowed  a list of 1 to 20, each { "name": …, "key": …, "camera": …, "floor": … }',
        '  fix      Name at least one: "masters": [{ "name": "camera1" }].',
        '',
        'failover.failback',
        `  given    "${'x'.repeat(59)}…`,
        '  allowed  "auto", "manual" or "sticky"',
        '  fix      Choose one of these, or leave "failback" out for the default, "auto".',
      ].join('\n'),
    );
  });

  it('survives what is not JSON: a circle, a function', () => {
    const circle: Record<string, unknown> = { masters: MASTERS, run: () => 1 };
    circle.circle = circle;
    expect(formatProblems(problemsOf(circle), 'f')).toContain('f has 2 problems.');
  });
});

function syntaxProblem(text: string): ConfigProblem {
  try {
    JSON.parse(text);
  } catch (error) {
    return jsonSyntaxProblem(text, error);
  }
  throw new Error(`this is JSON: ${text}`);
}

describe('JSON that does not parse', () => {
  const cases: { name: string; text: string; key: string; fix: string }[] = [
    { name: 'nothing', text: '', key: 'line 1, column 1', fix: 'empty' },
    {
      name: 'a comma too many in an object',
      text: '{\n  "a": 1,\n}',
      key: 'line 3, column 1',
      fix: 'comma before',
    },
    { name: 'a comma too many in a list', text: '[1,\n 2, ]', key: 'line 2, column 5', fix: 'comma before' },
    { name: 'a comma missing', text: '{ "a": 1\n  "b": 2 }', key: 'line 2, column 3', fix: 'Put a comma' },
    { name: 'a colon missing', text: '{ "a" 1 }', key: 'line 1, column 7', fix: 'colon' },
    { name: 'a comment', text: '{\n  // here\n}', key: 'line 2, column 3', fix: 'comment' },
    { name: 'single quotes', text: "{ 'a': 1 }", key: 'line 1, column 3', fix: 'double quotes' },
    { name: 'a key without quotes', text: '{ a: 1 }', key: 'line 1, column 3', fix: 'key in double quotes' },
    {
      name: 'text without quotes',
      text: '{ "a": b }',
      key: 'line 1, column 8',
      fix: 'text in double quotes',
    },
    { name: 'a backslash', text: '{ "a": "C:\\x" }', key: 'line 1, column 8', fix: 'for each \\' },
    {
      name: 'a quote missing',
      text: '{ "a": "b\n}',
      key: 'line 1, column 8',
      fix: 'double quote on the same line',
    },
    { name: 'the end missing', text: '{ "a": [1', key: 'line 1, column 10', fix: 'still open' },
    { name: 'the wrong bracket', text: '{ "a": [1 }', key: 'line 1, column 11', fix: 'Write ] before it' },
    { name: 'more after the end', text: '{ "a": 1 } }', key: 'line 1, column 12', fix: 'follows the end' },
    { name: 'a byte order mark', text: '\uFEFF{}', key: 'line 1, column 1', fix: 'byte order mark' },
    {
      name: 'a control character, known by its position only',
      text: '{ "a": "\u0001" }',
      key: 'line 1, column 9',
      fix: 'Take this character out',
    },
  ];

  it.each(cases)('$name', ({ text, key, fix }) => {
    expect(syntaxProblem(text)).toMatchObject({ key, fix: expect.stringContaining(fix) });
  });

  it('needs no position in the message', () => {
    const problem = jsonSyntaxProblem('{\n "a": x }', new SyntaxError(`Unexpected token 'x'`));
    expect(problem.key).toBe('line 2, column 7');
    expect(jsonSyntaxProblem('{ "a": "\u0001" }', undefined).key).toBe('line 1, column 13');
  });
});

describe('a configuration without problems', () => {
  function configOf(raw: unknown) {
    const parsed = parseConfig(raw);
    if (!parsed.ok) throw new Error(formatProblems(parsed.problems, 'raw'));
    return parsed.config;
  }

  it('has all defaults', () => {
    expect(configOf({ masters: [{ name: 'camera1' }] })).toEqual({
      masters: [{ name: 'camera1' }],
      backups: [],
      programs: [
        {
          name: 'camera1',
          candidates: ['master/camera1', 'slate'],
          failback: 'auto',
          failbackHoldMs: 10_000,
        },
      ],
      name: 'understudy',
      relay: { keepWarm: false, lingerMs: 30_000, queueLimitBytes: 16_777_216 },
      drain: { timeoutMs: 30_000 },
      metrics: { cloudWatch: false },
      aws: {
        zones: 3,
        vpcCidr: '10.90.0.0/16',
        encoderCidrs: ['0.0.0.0/0'],
        viewerCidrs: ['0.0.0.0/0'],
        architecture: 'arm64',
        instanceType: 'c7g.large',
        hosts: [],
        cloudFront: false,
        edges: false,
        alarmEmails: [],
        logRetentionDays: 30,
        keepAddresses: true,
        mediaLive: [],
      },
      slate: {},
      failover: {
        onLoss: 'switch',
        stallTimeoutMs: 500,
        failback: 'auto',
        failbackHoldMs: 10_000,
        contention: 'share',
        flap: { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 },
        degradedAfterMs: 2000,
      },
      rtmp: { port: 1935 },
      rtmps: false,
      http: { port: 8080 },
      hls: { segmentMs: 2_000, partMs: 500, segments: 6, limitBytes: 67_108_864 },
      control: { port: 8081, remote: true, publicReads: false, trustLoopback: true },
      viewers: {
        queueLimitBytes: 4_194_304,
        stuckTimeoutMs: 10_000,
        maxViewers: 5000,
        deliveryBudgetMs: 40,
        workers: 'auto',
      },
      warmBuffer: { limitBytes: 33_554_432, limitMs: 20_000 },
      limits: {
        connections: 10_000,
        connectionsPerAddress: 2_000,
        handshakes: 1_000,
        strangersBytes: 67_108_864,
        handshakeTimeoutMs: 5000,
        idleTimeoutMs: 30_000,
        messageBytes: 8_388_608,
        publisherKbps: 100_000,
      },
    });
  });

  it('makes a program for each master: the master, the backups, the slate unless there is none', () => {
    const backups = [{ name: 'spare' }, { name: 'phone' }];
    const withSlate = configOf({ masters: MASTERS, backups, slate: { file: 'soon.flv' } });
    expect(withSlate.programs.map(({ name, candidates }) => [name, candidates])).toEqual([
      ['camera1', ['master/camera1', 'backup/spare', 'backup/phone', 'slate']],
      ['camera2', ['master/camera2', 'backup/spare', 'backup/phone', 'slate']],
    ]);
    const without = configOf({ masters: MASTERS, slate: false });
    expect(without.programs.map(({ candidates }) => candidates)).toEqual([
      ['master/camera1'],
      ['master/camera2'],
    ]);
  });

  it("keeps a program's own failback and hold", () => {
    const programs = [
      { name: 'p', candidates: ['master/camera1'], failback: 'sticky', failbackHoldMs: 0 },
      { name: 'q', candidates: ['master/camera1'] },
    ];
    const config = configOf({
      masters: MASTERS,
      programs,
      failover: { failback: 'manual', failbackHoldMs: 7 },
    });
    expect(config.programs).toEqual([programs[0], { ...programs[1], failback: 'manual', failbackHoldMs: 7 }]);
  });

  it('names its inputs and their places', () => {
    const config = configOf({ masters: MASTERS, backups: [{ name: 'spare', key: { env: 'SPARE_KEY' } }] });
    expect(configuredInputs(config)).toEqual([
      { name: 'camera1', input: 'master/camera1', place: 'masters[0]' },
      { name: 'camera2', input: 'master/camera2', place: 'masters[1]' },
      { name: 'spare', key: { env: 'SPARE_KEY' }, input: 'backup/spare', place: 'backups[0]' },
    ]);
  });

  it('is the one that is shipped: three masters, one spare', () => {
    const config = configOf(JSON.parse(readFileSync(join(ROOT, 'understudy.config.json'), 'utf8')));
    expect(configuredInputs(config).map(({ input }) => input)).toEqual([
      'master/camera1',
      'master/camera2',
      'master/camera3',
      'backup/spare',
    ]);
  });
});

interface DescribedNode {
  readonly description?: string;
  readonly properties?: Record<string, DescribedNode>;
  readonly items?: DescribedNode;
  readonly anyOf?: DescribedNode[];
}

function keysWithoutText(node: DescribedNode, path = ''): string[] {
  const inner = [...(node.items ? [node.items] : []), ...(node.anyOf ?? [])];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, property]) => [
      ...(property.description ? [] : [`${path}.${name}`]),
      ...keysWithoutText(property, `${path}.${name}`),
    ]),
    ...inner.flatMap((each) => keysWithoutText(each, path)),
  ];
}

describe('understudy.schema.json', () => {
  it('is what the schema makes (npm run schema)', () => {
    const onDisk = readFileSync(join(ROOT, 'understudy.schema.json'), 'utf8');
    expect(onDisk).toBe(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  });

  it('has a text for every key', () => {
    expect(keysWithoutText(configJsonSchema() as DescribedNode)).toEqual([]);
  });
});
