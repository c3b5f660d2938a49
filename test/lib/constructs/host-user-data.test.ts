import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { hostConfig } from '../../../lib/config/deployment.ts';
import { type HostUserDataOptions, hostUserData } from '../../../lib/constructs/host-user-data.ts';
import { testConfig } from '../support/app.ts';
import { hostsStack, userDataOf } from '../support/hosts-template.ts';

const OPTIONS: HostUserDataOptions = {
  host: 'master-camera1',
  isEdge: false,
  config: hostConfig(testConfig()),
  httpPort: 8080,
  region: 'eu-central-1',
  bundle: { bucket: 'assets', key: 'bundle.tar', sha256: '0'.repeat(64) },
  credentials: {
    'master-camera1.key': 'arn:aws:secretsmanager:one',
    'relay.key': 'arn:aws:secretsmanager:two',
  },
  logGroup: 'logs',
  signal: { stack: 'Hosts', logicalId: 'Instance' },
};

/** EC2's, for what it gets. */
const EC2_LIMIT_BYTES = 16_384;

/** Fails with what bash says against the script. */
function bash(script: string, ...options: readonly string[]): string {
  return execFileSync('bash', [...options, '-s'], { input: script, encoding: 'utf8', stdio: 'pipe' });
}

it.each([...userDataOf(hostsStack(testConfig()))])('of %s in the template is bash', (_, script) => {
  expect(bash(script, '-n')).toBe('');
  expect(script.startsWith('#!/bin/bash\n')).toBe(true);
});

it.each([true, false])('is bash, for an edge: %s', (isEdge) => {
  const script = hostUserData({ ...OPTIONS, isEdge });
  expect(bash(script, '-n')).toBe('');
  expect(/ --edge$/m.test(script)).toBe(isEdge);
});

it('never shows commands with their arguments', () => {
  expect(hostUserData(OPTIONS)).not.toMatch(/set -\w*x|xtrace/);
});

it('writes any configuration as it is', () => {
  const config = {
    name: `' " \\ $HOME $(id) \`id\` \${PATH} %s é 映`,
    text: 'one\nEND_OF_FILE\ntwo',
    END_OF_FILE: 'END_OF_FILE',
  };
  const script = hostUserData({ ...OPTIONS, config });
  const lines = script.split('\n');
  const start = lines.findIndex((line) => line.startsWith('cat >/etc/understudy/understudy.config.json'));
  const end = lines.indexOf('END_OF_FILE', start);
  const toStdout = [lines[start]?.replace(/>\S+/, ''), ...lines.slice(start + 1, end + 1)].join('\n');
  expect(JSON.parse(bash(toStdout))).toEqual(config);
});

it('installs a command that finds the configuration, and hands on what it is given', () => {
  const [, command = ''] = /^cat >\/usr\/local\/bin\/understudy <<'END_OF_FILE'\n(.*?)^END_OF_FILE$/ms.exec(
    hostUserData(OPTIONS),
  ) ?? [''];
  expect(command).toContain('exec /usr/bin/node-24 /opt/understudy/understudy.mjs "$@"');
  const told = 'printf "%s|" "$UNDERSTUDY_CONFIG" "$@"';
  const run = (env: NodeJS.ProcessEnv): string =>
    execFileSync('sh', ['-c', command.replace(/^exec .* "\$@"$/m, told), 'understudy', 'status', 'a  "b'], {
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    });
  expect(run({})).toBe('/etc/understudy/understudy.config.json|status|a  "b|');
  expect(run({ UNDERSTUDY_CONFIG: 'event.json' })).toBe('event.json|status|a  "b|');
});

it('fits EC2 with all hosts that a deployment may have', () => {
  const named = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `${kind}-${index + 1}` }));
  const config = testConfig({ masters: named('camera', 20), backups: named('spare', 3) });
  const arn = `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${'x'.repeat(64)}`;
  const values = { get: () => arn };
  const sizes = [...userDataOf(hostsStack(config), new Proxy({}, values)).values()].map((script) =>
    Buffer.byteLength(script),
  );
  expect(Math.max(...sizes)).toBeLessThan(EC2_LIMIT_BYTES);
});

it('says so where EC2 would not take it', () => {
  const config = { ...OPTIONS.config, text: 'x'.repeat(EC2_LIMIT_BYTES) };
  expect(() => hostUserData({ ...OPTIONS, config })).toThrow(
    /^the user data of master-camera1 would have \d+ bytes, more than 15000: EC2 takes no more\./,
  );
});
