import { describe, expect, it } from '@jest/globals';
import { encodeOrder, parseLogin, parseOrder } from '../../runtime/camera/order.ts';
import { createRedactor } from '../../runtime/camera/redact.ts';
import { failureIn } from '../../runtime/camera/server-log.ts';

const ORDER = {
  input: 'master/camera1',
  cameraUrl: 'rtsp://192.0.2.1/cam',
  login: { user: 'operator', password: 'p/ss:word' },
  hostUrl: 'rtmp://127.0.0.1:1935',
  streamKey: 'key-0123456789',
} as const;

describe('an order', () => {
  it('comes through as it was', () => {
    expect(parseOrder(encodeOrder(ORDER))).toEqual(ORDER);
    expect(parseOrder(encodeOrder({ ...ORDER, login: null })).login).toBeNull();
  });

  it.each(['', '{"input":"key-0123456789"', '{"input":"key-0123456789"}', '[]'])(
    'that is none is refused without its text: %s',
    (text) => {
      expect(() => parseOrder(text)).toThrow(/^the order on standard input/);
      expect(() => parseOrder(text)).not.toThrow(/key-0123456789/);
    },
  );
});

describe('a login', () => {
  it.each([
    ['operator:secret', { user: 'operator', password: 'secret' }],
    ['operator:se:cr:et', { user: 'operator', password: 'se:cr:et' }],
    ['operator:', { user: 'operator', password: '' }],
    ['operator', undefined],
    [':secret', undefined],
    ['', undefined],
  ])('is read from %j', (text, expected) => {
    expect(parseLogin(text)).toEqual(expected);
  });
});

describe('what is said to the log', () => {
  const redact = createRedactor(ORDER);

  it.each([
    ['rtsp://operator:p/ss:word@192.0.2.1', 'rtsp://***@192.0.2.1'],
    ['rtsp://operator:p%2Fss%3Aword@192.0.2.1', 'rtsp://operator:***@192.0.2.1'],
    [`Basic ${Buffer.from('operator:p/ss:word').toString('base64')}`, 'Basic ***'],
    ['rtmp://127.0.0.1/master/camera1?key=key-0123456789', 'rtmp://127.0.0.1/master/camera1?key=***'],
    ['401 Unauthorized', '401 Unauthorized'],
    ['a\u001b[2Jb\r\nc', 'a [2Jb c'],
  ])('has no secret and no control characters: %s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('is no longer than a line', () => {
    expect(redact('x'.repeat(5_000)).length).toBeLessThan(310);
  });

  it('hides nothing where there is no password', () => {
    expect(createRedactor({ ...ORDER, login: { user: 'operator', password: '' } })('a b')).toBe('a b');
  });
});

describe("node-media-server's log", () => {
  const stamp = '[11/24/2026, 6:50:38 AM] [ERROR] ';

  it.each([
    [
      `${stamp}RTSP session mwuc5 run error: DESCRIBE failed: 401 Unauthorized`,
      'DESCRIBE failed: 401 Unauthorized',
    ],
    [`${stamp}RTMP session mwuc5 start failed: Connection closed`, 'Connection closed'],
    [
      `${stamp}RTSP client socket error: connect ECONNREFUSED 192.0.2.1:554`,
      'connect ECONNREFUSED 192.0.2.1:554',
    ],
    [`${stamp}RTSP session mwuc5 SETUP video failed: 461`, 'video failed: 461'],
    [`${stamp}RTSP session mwuc5 connection closed (hadError=false)`, 'the connection ended'],
    [`${stamp}NodeRelayServer adding task: rtmp://192.0.2.1/a/b?key=1 → /x (pull)`, undefined],
    [`${stamp}RTSP >> DESCRIBE rtsp://192.0.2.1/ CSeq=1`, undefined],
  ])('tells why: %s', (line, expected) => {
    expect(failureIn(line)).toBe(expected);
  });
});
