import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ownRtmpUrl, planCameras } from '../runtime/cameras.ts';
import { parseConfig } from '../runtime/contract/config-problems.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-cameras-'));
  writeFileSync(join(directory, 'login'), 'operator:se:cret\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function plan(raw: object, env: Record<string, string> = {}): ReturnType<typeof planCameras> {
  const parsed = parseConfig(raw);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return planCameras(parsed.config, new Map([['master/door', 'key-0123456789']]), { directory, env });
}

describe('the cameras of a configuration', () => {
  it('are those of its inputs, with their logins', () => {
    const camera = { url: 'rtsp://192.0.2.1/cam', login: { file: 'login' } };
    expect(plan({ masters: [{ name: 'door', camera }, { name: 'desk' }] })).toEqual({
      ok: true,
      plans: [
        {
          input: 'master/door',
          cameraUrl: 'rtsp://192.0.2.1/cam',
          login: { user: 'operator', password: 'se:cret' },
          streamKey: 'key-0123456789',
        },
      ],
    });
  });

  it('are pulled as the example says', () => {
    const example = join(import.meta.dirname, '../examples/cameras.config.json');
    writeFileSync(join(directory, 'yard.login'), 'viewer:secret');
    const planned = plan(JSON.parse(readFileSync(example, 'utf8')), { DOOR_LOGIN: 'operator:secret' });
    expect(planned.ok && planned.plans.map(({ input, login }) => [input, login?.user])).toEqual([
      ['master/door', 'operator'],
      ['master/yard', 'viewer'],
      ['master/studio', undefined],
    ]);
  });

  it('are only those of inputs that this host owns', () => {
    const camera = { url: 'rtsp://192.0.2.1/cam' };
    const hosts = [
      { name: 'a', address: '192.0.2.10', inputs: ['master/door'] },
      { name: 'b', address: '192.0.2.11', inputs: ['master/yard'] },
    ];
    const masters = [
      { name: 'door', camera },
      { name: 'yard', camera },
    ];
    const planned = plan({ masters, hosts, host: 'a', relay: { key: { env: 'RELAY_KEY' } } });
    expect(planned.ok && planned.plans.map(({ input }) => input)).toEqual(['master/door']);
  });

  it.each([
    [
      'without a colon',
      { url: 'rtsp://192.0.2.1/a', login: { env: 'LOGIN' } },
      'masters[0].camera.login.env',
    ],
    [
      'that is not there',
      { url: 'rtsp://192.0.2.1/a', login: { env: 'NONE' } },
      'masters[0].camera.login.env',
    ],
    ['for RTMP', { url: 'rtmp://192.0.2.1/a/b', login: { file: 'login' } }, 'masters[0].camera.login'],
  ])('have a problem with a login %s, which is reported without it', (_, camera, key) => {
    const planned = plan({ masters: [{ name: 'door', camera }] }, { LOGIN: 'just-a-password' });
    expect(planned).toMatchObject({ ok: false, problems: [{ key }] });
    expect(JSON.stringify(planned)).not.toMatch(/just-a-password|se:cret/);
  });
});

describe("the host's own RTMP address", () => {
  it.each([
    [undefined, 'rtmp://127.0.0.1:1935'],
    ['0.0.0.0', 'rtmp://127.0.0.1:1935'],
    ['::', 'rtmp://127.0.0.1:1935'],
    ['192.0.2.7', 'rtmp://192.0.2.7:1935'],
    ['2001:db8::1', 'rtmp://[2001:db8::1]:1935'],
  ])('for a listener on %s is %s', (host, expected) => {
    const rtmp = host === undefined ? { port: 0 } : { host, port: 0 };
    expect(ownRtmpUrl({ rtmp }, 1935)).toBe(expected);
  });
});
