import { describe, expect, it } from '@jest/globals';
import { startCameraChild } from '../../runtime/camera/camera-child.ts';
import type { CameraOrder } from '../../runtime/camera/order.ts';
import type { CameraProcess } from '../../runtime/camera/supervisor.ts';
import { childEnvironment } from '../../runtime/child-environment.ts';
import { until } from '../support/until.ts';

const ORDER: CameraOrder = {
  input: 'master/camera1',
  cameraUrl: 'rtsp://192.0.2.1/cam',
  login: { user: 'operator', password: 'pass-w0rd' },
  hostUrl: 'rtmp://127.0.0.1:1935',
  streamKey: 'key-0123456789',
};
const START_MS = 20_000;

function start(script: string, lines: string[], env: Record<string, string> = {}): CameraProcess {
  return startCameraChild({
    order: ORDER,
    command: [process.execPath, '-e', script],
    env: childEnvironment({ ...process.env, ...env }),
    onLine: (line) => lines.push(line),
  });
}

describe("a camera's process", () => {
  it('gets its order over standard input, which stays open, and none of the secrets of its environment', async () => {
    const lines: string[] = [];
    const child = start(
      `process.stdin.on('data', (data) => {
         const { input, streamKey, login } = JSON.parse(data);
         console.log(input, streamKey.length, login.password.length, process.env.CAMERA2_KEY, typeof process.env.PATH);
       });
       process.stdin.on('end', () => console.log('standard input ended'));`,
      lines,
      { CAMERA2_KEY: 'another-key' },
    );
    await until('it has read its order', () => lines.length > 0, START_MS);
    child.kill('SIGTERM');
    await child.ended;
    expect(lines).toEqual(['master/camera1 14 9 undefined string']);
  });

  it('says nothing secret, on neither output, and not without end', async () => {
    const lines: string[] = [];
    const child = start(
      `process.stdin.on('data', (order) => {
         process.stderr.write(String(order));
         for (let i = 0; i < 1000; i++) console.log('line', i);
         process.stdout.write('x'.repeat(100_000), () => process.exit(7));
       });`,
      lines,
    );
    expect(await child.ended).toEqual({ code: 7, signal: null });
    const text = lines.join('\n');
    expect(text).toContain('"user":"operator","password":"***"');
    expect(text).not.toMatch(/pass-w0rd|key-0123456789/);
    expect(lines).toHaveLength(41);
    expect(lines.at(-1)).toBe('it says more than is logged');
  });

  it('that is killed has ended by a signal', async () => {
    const child = start('setInterval(() => {}, 1000)', []);
    process.kill(child.pid ?? 0, 'SIGKILL');
    const { code, signal } = await child.ended;
    // Windows has no signals.
    if (process.platform === 'win32') expect(code).not.toBe(0);
    else expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('that cannot be started has ended too, and says why', async () => {
    const lines: string[] = [];
    const child = startCameraChild({
      order: ORDER,
      command: ['/no/such/program'],
      env: {},
      onLine: (line) => lines.push(line),
    });
    expect(await child.ended).toEqual({ code: null, signal: null });
    expect(lines).toEqual([expect.stringContaining('ENOENT')]);
  });
});
