/** The control API: every route, and everything that it refuses. */
import { once } from 'node:events';
import { type IncomingMessage, request as sendRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CommandAnswer, HostEvent } from '../../runtime/contract/control-api.ts';
import { createControlServer } from '../../runtime/control/control-server.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { ADDRESSES, FakeHost, PROGRAM, SIGNED, STATE, SWITCH } from './samples.ts';

let host: FakeHost;
let server: ReturnType<typeof createControlServer>;
let port: number;
/** The server's ends of its connections, in their order. */
let sockets: Socket[];
beforeEach(async () => {
  host = new FakeHost();
  server = createControlServer(host);
  sockets = [];
  server.server.on('connection', (socket: Socket) => sockets.push(socket));
  await server.listen({ port: 0, host: '127.0.0.1' });
  port = (server.server.address() as AddressInfo).port;
});
afterEach(() => server.close());

type Headers = Readonly<Record<string, string>>;

const JSON_TYPE: Headers = { 'content-type': 'application/json' };

/** Sends a request; resolves with the response when its head is there. */
async function send(
  method: string,
  path: string,
  headers: Headers,
  payload?: string,
): Promise<IncomingMessage> {
  const request = sendRequest({ port, host: '127.0.0.1', method, path, headers, agent: false });
  request.end(payload);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // An event stream that is cut off.
  response.on('error', () => {});
  return response;
}

async function answerOf(response: IncomingMessage) {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, body: JSON.parse(text) as Record<string, unknown> };
}

async function get(path: string, headers: Headers = {}) {
  return answerOf(await send('GET', path, headers));
}

async function post(path: string, payload: unknown, headers: Headers = JSON_TYPE) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return answerOf(await send('POST', path, headers, text));
}

const PIN = {
  source: 'backup/spare',
  by: 'ann',
  reason: 'cable',
  notAfter: EPOCH + 5,
  sequence: 7,
  automatic: true,
  expiresAt: EPOCH + 1,
};
const RELEASE = { by: 'ann', reason: '', notAfter: EPOCH + 5, sequence: 8, automatic: true };
const DRILL = { kind: 'stall', durationMs: 20_000, by: 'eve', reason: 'rehearsal', notAfter: EPOCH + 5 };

describe('the state', () => {
  it.each<[url: string, body: unknown]>([
    ['/v1/state', STATE],
    ['/v1/programs/camera1', PROGRAM],
    ['/v1/programs/camera1/addresses', { ...ADDRESSES, rtmp: `live/camera1?${SIGNED}` }],
    ['/v1/switches', [SWITCH]],
    ['/v1/switches?program=camera1', [SWITCH]],
    ['/v1/switches?program=camera9', []],
  ])('GET %s', async (url, body) => {
    expect(await get(url)).toEqual({ status: 200, body });
  });
});

describe('commands', () => {
  const COMMANDS: ReadonlyArray<[route: string, name: string, command: object]> = [
    ['switch', 'pin', PIN],
    ['release', 'release', RELEASE],
    ['drill', 'drill', DRILL],
  ];

  it.each(COMMANDS)('POST %s is carried out', async (route, name, command) => {
    const { status, body } = await post(`/v1/programs/camera1/${route}`, command);
    expect({ status, body }).toEqual({ status: 200, body: { outcome: 'done', program: PROGRAM } });
    expect(host.commands).toEqual([{ name, program: 'camera1', command }]);
  });

  it('fill in what may be left out', async () => {
    await post('/v1/programs/camera1/drill', { by: 'eve' });
    await post('/v1/programs/camera1/release', { by: 'eve', sequence: 0 });
    expect(host.commands.map(({ command }) => command)).toEqual([
      { kind: 'unpublish', durationMs: 10_000, by: 'eve', reason: '' },
      { by: 'eve', reason: '', sequence: 0, automatic: false },
    ]);
  });

  it.each<[outcome: CommandAnswer['outcome'], status: number]>([
    ['done', 200],
    ['repeated', 200],
    ['overtaken', 409],
    ['expired', 409],
    ['yielded', 409],
    ['refused', 409],
  ])('that are %s answer %i, with the reason and the program as it is', async (outcome, status) => {
    host.answer = { outcome, why: 'because' };
    for (const [route, , command] of COMMANDS) {
      expect(await post(`/v1/programs/camera1/${route}`, command)).toEqual({
        status,
        body: { outcome, why: 'because', program: PROGRAM },
      });
    }
  });

  it.each(COMMANDS)('POST %s answers 404 for a program that there is not', async (route, _name, command) => {
    const { status, body } = await post(`/v1/programs/camera9/${route}`, command);
    expect(status).toBe(404);
    expect(body.error).toContain('camera9');
  });

  it('are not carried out by a GET', async () => {
    expect((await get('/v1/programs/camera1/drill')).status).toBe(404);
    expect(host.commands).toEqual([]);
  });

  interface Wrong {
    readonly name: string;
    readonly route: 'switch' | 'release' | 'drill';
    readonly body: unknown;
    readonly field: string;
  }

  it.each<Wrong>([
    { name: 'no source', route: 'switch', body: { ...PIN, source: undefined }, field: 'source' },
    { name: 'an empty source', route: 'switch', body: { ...PIN, source: '' }, field: 'source' },
    { name: 'a long source', route: 'switch', body: { ...PIN, source: 'x'.repeat(101) }, field: 'source' },
    { name: 'no asker', route: 'switch', body: { ...PIN, by: undefined }, field: 'by' },
    { name: 'an empty asker', route: 'release', body: { ...RELEASE, by: '' }, field: 'by' },
    {
      name: 'a long reason',
      route: 'release',
      body: { ...RELEASE, reason: 'x'.repeat(501) },
      field: 'reason',
    },
    { name: 'a reason that is no text', route: 'release', body: { ...RELEASE, reason: 1 }, field: 'reason' },
    { name: 'no sequence', route: 'release', body: { by: 'ann' }, field: 'sequence' },
    { name: 'a broken sequence', route: 'switch', body: { ...PIN, sequence: 1.5 }, field: 'sequence' },
    { name: 'a negative sequence', route: 'switch', body: { ...PIN, sequence: -1 }, field: 'sequence' },
    { name: 'no expiry', route: 'switch', body: { ...PIN, expiresAt: undefined }, field: 'expiresAt' },
    { name: 'an expiry in words', route: 'switch', body: { ...PIN, expiresAt: 'soon' }, field: 'expiresAt' },
    { name: 'an unknown kind', route: 'drill', body: { ...DRILL, kind: 'flood' }, field: 'kind' },
    {
      name: 'a drill that is too short',
      route: 'drill',
      body: { ...DRILL, durationMs: 999 },
      field: 'durationMs',
    },
    {
      name: 'a drill that is too long',
      route: 'drill',
      body: { ...DRILL, durationMs: 600_001 },
      field: 'durationMs',
    },
    {
      name: 'a field that there is not',
      route: 'release',
      body: { ...RELEASE, force: true },
      field: 'force',
    },
  ])('with $name are refused, and the field is named', async ({ route, body, field }) => {
    const answer = await post(`/v1/programs/camera1/${route}`, body);
    expect(answer).toEqual({ status: 400, body: { error: expect.stringMatching(/\w/), field } });
    expect(host.commands).toEqual([]);
  });

  it.each<[name: string, payload: string]>([
    ['no JSON', 'by=ann'],
    ['half of it', '{"by":'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
  ])('of %s are refused in words', async (_name, payload) => {
    const { status, body } = await post('/v1/programs/camera1/release', payload);
    expect(status).toBe(400);
    expect(body.error).toEqual(expect.stringMatching(/\w/));
    expect(host.commands).toEqual([]);
  });

  it('have a bound', async () => {
    const answer = await post('/v1/programs/camera1/release', { ...RELEASE, reason: 'x'.repeat(100_000) });
    expect(answer.status).toBe(413);
    expect(host.commands).toEqual([]);
  });
});

describe('what is not there', () => {
  it('a program', async () => {
    expect(await get('/v1/programs/camera9')).toEqual({
      status: 404,
      body: { error: expect.stringContaining('no program "camera9"') },
    });
  });

  it('a program with an endless name', async () => {
    const { status, body } = await get(`/v1/programs/${'x'.repeat(99)}`);
    expect(status).toBe(404);
    expect(JSON.stringify(body).length).toBeLessThan(200);
  });

  it.each(['/', '/v1', '/v2/state', '/state'])('a route at %s', async (url) => {
    expect((await get(url)).status).toBe(404);
  });
});

// A web page that the operator happens to look at must not be able to switch anything.
describe('web pages', () => {
  it.each([
    'evil.example',
    'evil.example:8081',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example/localhost',
    'x@localhost',
    'localhost:8081x',
    '192.0.2.1:8081',
    '0.0.0.0:8081',
  ])('are refused by the name that they came with: %s', async (name) => {
    expect((await get('/v1/state', { host: name })).status).toBe(403);
    const answer = await post('/v1/programs/camera1/switch', PIN, { ...JSON_TYPE, host: name });
    expect(answer).toMatchObject({ status: 403, body: { error: expect.stringContaining('localhost') } });
    expect(host.commands).toEqual([]);
  });

  it.each(['localhost', 'localhost:8081', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8081'])(
    'are told from local clients: %s',
    async (name) => {
      expect((await get('/v1/state', { host: name })).status).toBe(200);
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'text/application/json',
    '',
  ])('cannot send a simple POST: %j', async (type) => {
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    const answer = await post('/v1/programs/camera1/switch', PIN, headers);
    expect(answer).toMatchObject({
      status: 415,
      body: { error: expect.stringContaining('application/json') },
    });
    expect(host.commands).toEqual([]);
  });

  it('get no leave to send JSON (CORS)', async () => {
    const response = await send('OPTIONS', '/v1/programs/camera1/switch', {
      origin: 'http://evil.example',
      'access-control-request-method': 'POST',
    });
    expect(response.statusCode).toBe(403);
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('with a charset in their type are clients like any other', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await post('/v1/programs/camera1/switch', PIN, headers)).status).toBe(200);
  });
});

describe('the event stream', () => {
  const drill = (at: number): HostEvent => ({ type: 'drill', at, program: 'camera1', phase: 'began' });

  const open = (headers: Headers = {}): Promise<IncomingMessage> => send('GET', '/v1/events', headers);

  /** Reads until so many events have come. */
  async function read(response: IncomingMessage, count: number): Promise<string[]> {
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      const events = text.split('\n\n').slice(1, -1);
      if (events.length >= count) return events;
    }
    throw new Error(`the stream ended with ${JSON.stringify(text)}`);
  }

  const asSent = (id: number, event: HostEvent): string =>
    `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}`;

  it('brings what comes next, as server-sent events', async () => {
    host.events.add(drill(1));
    const response = await open();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    const change: HostEvent = { type: 'switch', ...SWITCH };
    host.events.add(change);
    host.events.add(drill(3));
    expect(await read(response, 2)).toEqual([asSent(2, change), asSent(3, drill(3))]);
  });

  it.each<[lastId: string, ids: number[]]>([
    ['0', [1, 2, 3, 4]],
    ['2', [3, 4]],
    ['3', [4]],
    // From another run of the host, whose numbers began at 1 as well.
    ['999', [1, 2, 3, 4]],
    ['no number', [4]],
  ])('resumes behind the last event that was seen: %s', async (lastId, ids) => {
    for (let at = 1; at <= 3; at += 1) host.events.add(drill(at));
    const response = await open({ 'last-event-id': lastId });
    host.events.add(drill(4));
    expect(await read(response, ids.length)).toEqual(ids.map((id) => asSent(id, drill(id))));
  });

  it('goes to all who listen', async () => {
    const responses = [await open(), await open()];
    host.events.add(drill(1));
    for (const response of responses) expect(await read(response, 1)).toEqual([asSent(1, drill(1))]);
  });

  it('is refused to web pages', async () => {
    expect((await open({ host: 'evil.example' })).statusCode).toBe(403);
  });

  it('is cut off where it is not read: its backlog has a bound', async () => {
    const response = await open();
    response.pause();
    const big: HostEvent = { type: 'preflight', at: 0, program: 'camera1', warnings: ['x'.repeat(500_000)] };
    const [socket] = sockets;
    while (socket?.destroyed === false) {
      host.events.add(big);
      expect(socket.writableLength).toBeLessThan(4_000_000);
      await new Promise(setImmediate);
    }
    // Nobody listens any more, and nothing minds.
    host.events.add(big);
  });

  it('ends with the server', async () => {
    const response = await open();
    const closed = new Promise((resolve) => response.on('close', resolve));
    response.resume();
    await server.close();
    await closed;
  });
});
