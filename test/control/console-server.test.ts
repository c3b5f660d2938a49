/** The console and the control API where everybody can reach them: who gets what. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FastifyInstance, fastify, type InjectOptions } from 'fastify';
import { type ConsoleServerOptions, registerConsole } from '../../runtime/control/console-server.ts';
import { SESSION_MS } from '../../runtime/control/console-session.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { ADDRESSES, FakeHost, HISTORY, PROGRAM, SIGNED, STATE, SWITCH } from './samples.ts';

const TOKEN = 'token-of-this-host';
const ELSEWHERE = '198.51.100.7';
const HERE = '127.0.0.1';
const PAGE = { type: 'text/html; charset=utf-8', bytes: Buffer.from('<!doctype html>'), isImmutable: false };
const SCRIPT = { type: 'text/javascript', bytes: Buffer.from('0'), isImmutable: true };
const RELEASE = { by: 'ann', sequence: 1 };

const READS: ReadonlyArray<[path: string, body: unknown]> = [
  ['/v1/state', STATE],
  ['/v1/history', HISTORY],
  ['/v1/switches', [SWITCH]],
  ['/v1/switches?program=camera1', [SWITCH]],
  ['/v1/programs/camera1', PROGRAM],
  ['/v1/programs/camera1/addresses', { ...ADDRESSES, rtmp: `live/camera1?${SIGNED}` }],
];
const WRITES = ['switch', 'release', 'drill'].map((name) => `/v1/programs/camera1/${name}`);

let host: FakeHost;
let now: number;
let refused: string[];
const apps: FastifyInstance[] = [];
beforeEach(() => {
  host = new FakeHost();
  now = EPOCH;
  refused = [];
});
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

type Ask = InjectOptions & { readonly from?: string };

/** A host that is asked from elsewhere, unless `from` says another address. */
function serve(options: Partial<ConsoleServerOptions> = {}) {
  const app = fastify({ exposeHeadRoutes: false });
  apps.push(app);
  registerConsole(app, {
    token: TOKEN,
    isToken: (given) => given === TOKEN,
    trustLoopback: true,
    publicReads: false,
    host,
    now: () => now,
    files: async () =>
      new Map([
        ['/', PAGE],
        ['/console/app-1.js', SCRIPT],
      ]),
    onRefused: (address) => refused.push(address),
    ...options,
  });
  const ask = async ({ from = ELSEWHERE, headers = {}, ...rest }: Ask) => {
    const response = await app.inject({
      remoteAddress: from,
      ...rest,
      headers: { host: from === HERE ? 'localhost:8080' : 'studio.example:8080', ...headers },
    });
    const { statusCode: status, body, headers: answered } = response;
    return {
      status,
      body: body.startsWith('{') || body.startsWith('[') ? JSON.parse(body) : body,
      headers: answered,
    };
  };
  return {
    ask,
    get: (url: string, more: Ask = {}) => ask({ method: 'GET', url, ...more }),
    post: (url: string, payload: object, more: Ask = {}) => ask({ method: 'POST', url, payload, ...more }),
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('from elsewhere', () => {
  it.each(READS)('GET %s needs the token', async (url, body) => {
    const { get } = serve();
    expect(await get(url)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="understudy"', 'cache-control': 'no-store' },
      body: { error: expect.stringContaining('understudy keys') },
    });
    expect(await get(url, { headers: bearer('something-else') })).toMatchObject({ status: 403 });
    expect(await get(url, { headers: bearer(TOKEN) })).toMatchObject({ status: 200, body });
  });

  it.each(WRITES)('POST %s needs the token', async (url) => {
    const { post } = serve();
    const body = url.endsWith('switch') ? { ...RELEASE, source: 'slate', expiresAt: EPOCH } : RELEASE;
    const command = url.endsWith('drill') ? { by: 'ann' } : body;
    expect((await post(url, command)).status).toBe(401);
    expect((await post(url, command, { headers: bearer('something-else') })).status).toBe(403);
    expect(host.commands).toEqual([]);
    expect(await post(url, command, { headers: bearer(TOKEN) })).toMatchObject({ status: 200 });
    expect(host.commands).toHaveLength(1);
    const bad = await post(url, { ...command, by: 7 }, { headers: bearer(TOKEN) });
    expect(bad).toMatchObject({ status: 400, body: { field: 'by' } });
    const unknown = await post(url.replace('camera1', 'camera9'), command, { headers: bearer(TOKEN) });
    expect(unknown).toMatchObject({ status: 404, body: { error: expect.stringContaining('camera9') } });
  });

  it.each(['/v1/events', '/v1/metrics'])('GET %s needs the token', async (url) => {
    const { get } = serve();
    expect((await get(url)).status).toBe(401);
    expect((await get(url, { headers: bearer('something-else') })).status).toBe(403);
  });

  it('gives metrics to who has it', async () => {
    const { get } = serve();
    expect(await get('/v1/metrics', { headers: bearer(TOKEN) })).toMatchObject({
      status: 200,
      body: 'up 1\n',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
    });
  });

  it('says of what is not there that it is not, to who may know', async () => {
    const { get } = serve();
    const token = { headers: bearer(TOKEN) };
    expect((await get('/v1/nothing')).status).toBe(401);
    expect((await get('/v1/nothing', token)).body).toEqual({ error: 'there is nothing at GET /v1/nothing' });
    expect(await get('/v1/programs/camera9/addresses', token)).toMatchObject({ status: 404 });
    expect(await get('/v1/switches?program=a&program=b', token)).toMatchObject({
      status: 400,
      body: { field: 'program' },
    });
  });

  it.each(['/v1/health', '/v1/openapi.json', '/v1/session'])('GET %s is open', async (url) => {
    expect((await serve().get(url)).status).toBe(200);
  });

  it.each(['', 'Bearer', 'Basic dXNlcjpwYXNz', `Bearer ${TOKEN} ${TOKEN}`, `Bearer ${'x'.repeat(300)}`])(
    'takes %j for no token',
    async (authorization) => {
      expect((await serve().get('/v1/state', { headers: { authorization } })).status).toBe(403);
    },
  );

  it('tells the host who gave a wrong one, and nobody what it was', async () => {
    const answer = await serve().get('/v1/state', { headers: bearer('a-secret-mistyped') });
    expect(refused).toEqual([ELSEWHERE]);
    expect(JSON.stringify(answer)).not.toContain('a-secret-mistyped');
  });
});

describe('guessing', () => {
  it('ends after ten wrong tokens of an address in a minute, whatever comes then', async () => {
    const { get } = serve();
    for (let count = 0; count < 10; count += 1) {
      expect((await get('/v1/state', { headers: bearer(`guess-${count}`) })).status).toBe(403);
    }
    now += 20_000;
    const right = { headers: bearer(TOKEN) };
    expect(await get('/v1/state', right)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '40' },
      body: { error: 'too many wrong tokens: wait 40 s' },
    });
    expect((await get('/v1/state', { ...right, from: '198.51.100.8' })).status).toBe(200);
    now += 40_000;
    expect((await get('/v1/state', right)).status).toBe(200);
  });

  it('ends after a hundred of all addresses', async () => {
    const { get } = serve();
    for (let count = 0; count < 100; count += 1) {
      await get('/v1/state', { from: `198.51.100.${count % 20}`, headers: bearer('guess') });
    }
    expect((await get('/v1/state', { from: '203.0.113.1', headers: bearer(TOKEN) })).status).toBe(429);
  });

  it('does not end sessions', async () => {
    const { get, post } = serve();
    const cookie = await login(post);
    for (let count = 0; count < 11; count += 1) await get('/v1/state', { headers: bearer('guess') });
    expect((await get('/v1/state', { headers: { cookie } })).status).toBe(200);
  });

  it('counts logins too', async () => {
    const { post } = serve();
    for (let count = 0; count < 10; count += 1) {
      expect((await post('/v1/login', { token: 'guess' })).status).toBe(403);
    }
    expect((await post('/v1/login', { token: TOKEN })).status).toBe(429);
  });
});

async function login(post: ReturnType<typeof serve>['post']): Promise<string> {
  const answer = await post('/v1/login', { token: TOKEN });
  expect(answer.status).toBe(204);
  return String(answer.headers['set-cookie']).split(';')[0] ?? '';
}

describe('a login', () => {
  it('gives a cookie that scripts and other sites do not have', async () => {
    const { post } = serve();
    const { headers, status } = await post('/v1/login', { token: TOKEN });
    expect(status).toBe(204);
    expect(headers['set-cookie']).toMatch(
      /^understudy-\w{8}=\d+\.[\w-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Strict$/,
    );
    expect(headers['set-cookie']).not.toContain(TOKEN);
  });

  it('lets its browser do all, until it is over', async () => {
    const { get, post } = serve();
    const cookie = await login(post);
    expect((await get('/v1/session', { headers: { cookie } })).body).toEqual({ access: 'full' });
    expect((await post('/v1/programs/camera1/release', RELEASE, { headers: { cookie } })).status).toBe(200);
    now += SESSION_MS;
    expect((await get('/v1/state', { headers: { cookie } })).status).toBe(401);
    expect((await get('/v1/session', { headers: { cookie } })).body).toEqual({ access: 'none' });
  });

  it('outlives a restart of the host, and not a change of its token', async () => {
    const cookie = await login(serve().post);
    expect((await serve().get('/v1/state', { headers: { cookie } })).status).toBe(200);
    const changed = serve({ token: 'another-token-of-it' });
    expect((await changed.get('/v1/state', { headers: { cookie } })).status).toBe(401);
  });

  it('stands among other cookies', async () => {
    const { get, post } = serve();
    const cookie = `a=b; ${await login(post)}; understudy-00000000=1.2`;
    expect((await get('/v1/state', { headers: { cookie } })).status).toBe(200);
  });

  it('is not to be forged', async () => {
    const { get, post } = serve();
    const cookie = await login(post);
    const [name = '', value = ''] = cookie.split('=');
    const [expiresAt = '', signature = ''] = value.split('.');
    const first = signature.startsWith('A') ? 'B' : 'A';
    for (const forged of [
      `${Number(expiresAt) + 1}.${signature}`,
      `${expiresAt}.${first}${signature.slice(1)}`,
      `${expiresAt}.`,
      expiresAt,
      '',
      'x'.repeat(5_000),
    ]) {
      expect((await get('/v1/state', { headers: { cookie: `${name}=${forged}` } })).status).toBe(401);
    }
  });

  it('is ended by a logout', async () => {
    const { headers, status } = await serve().post('/v1/logout', {});
    expect(status).toBe(204);
    expect(headers['set-cookie']).toMatch(/^understudy-\w{8}=; Path=\/; Max-Age=0;/);
  });

  it.each([
    [{}, 'token'],
    [{ token: 7 }, 'token'],
    [{ token: TOKEN, remember: true }, 'remember'],
  ])('with %j is refused, and the field is named', async (body, field) => {
    expect(await serve().post('/v1/login', body)).toMatchObject({ status: 400, body: { field } });
  });

  it('has a bound', async () => {
    expect((await serve().post('/v1/login', { token: 'x'.repeat(2_000) })).status).toBe(413);
  });
});

describe('pages of other sites', () => {
  it.each(['http://evil.example', 'null', 'https://studio.example:8081'])(
    'at %s do nothing with a login that the browser has',
    async (origin) => {
      const { post } = serve();
      const cookie = await login(post);
      const answer = await post('/v1/programs/camera1/release', RELEASE, { headers: { cookie, origin } });
      expect(answer.status).toBe(403);
      expect((await post('/v1/login', { token: TOKEN }, { headers: { origin } })).status).toBe(403);
      expect(host.commands).toEqual([]);
    },
  );

  it('are told from the own page, with TLS in front or without', async () => {
    const { post } = serve();
    const cookie = await login(post);
    for (const origin of ['http://studio.example:8080', 'https://studio.example:8080']) {
      const answer = await post('/v1/programs/camera1/release', RELEASE, { headers: { cookie, origin } });
      expect(answer.status).toBe(200);
    }
  });

  it('send no forms', async () => {
    const { ask, post } = serve();
    const cookie = await login(post);
    const answer = await ask({
      method: 'POST',
      url: '/v1/programs/camera1/release',
      payload: 'by=ann',
      headers: { cookie, 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(415);
  });
});

describe('on this machine', () => {
  it.each([HERE, '::1', '::ffff:127.0.0.1', '127.3.2.1'])('nobody at %s needs a token', async (from) => {
    const { get, post } = serve();
    const local = { from, headers: { host: '127.0.0.1:8080' } };
    expect((await get('/v1/state', local)).status).toBe(200);
    expect((await get('/v1/session', local)).body).toEqual({ access: 'full' });
    expect((await post('/v1/programs/camera1/release', RELEASE, local)).status).toBe(200);
  });

  it.each([
    { host: 'evil.example' },
    { 'x-forwarded-for': '198.51.100.9' },
    { forwarded: 'for=198.51.100.9' },
    { via: '1.1 proxy' },
    { 'x-real-ip': '198.51.100.9' },
    { 'x-forwarded-host': 'studio.example' },
  ])('what comes with %j is from elsewhere', async (headers) => {
    expect((await serve().get('/v1/state', { from: HERE, headers })).status).toBe(401);
  });

  it('everybody needs one where the configuration says so', async () => {
    const { get } = serve({ trustLoopback: false });
    expect((await get('/v1/state', { from: HERE })).status).toBe(401);
    expect((await get('/v1/state', { from: HERE, headers: bearer(TOKEN) })).status).toBe(200);
  });

  it.each(['127.0.0.1.example', '10.0.0.1', '128.0.0.1', '::2'])('is not at %j', async (from) => {
    const answer = await serve().get('/v1/state', { from, headers: { host: 'localhost:8080' } });
    expect(answer.status).toBe(401);
  });
});

describe('public reads', () => {
  it.each(READS.slice(0, -1))('let everybody GET %s', async (url, body) => {
    expect(await serve({ publicReads: true }).get(url)).toMatchObject({ status: 200, body });
  });

  it('sign no addresses, and change nothing', async () => {
    const { get, post } = serve({ publicReads: true });
    expect((await get('/v1/session')).body).toEqual({ access: 'read' });
    expect((await get('/v1/programs/camera1/addresses')).body).toEqual(ADDRESSES);
    for (const url of WRITES) expect((await post(url, RELEASE)).status).toBe(401);
    expect(host.commands).toEqual([]);
  });
});

describe('without a token', () => {
  it.each(['/', '/console/app-1.js', '/v1/state', '/v1/session', '/v1/health', '/v1/openapi.json'])(
    'there is nothing at %s for those elsewhere',
    async (url) => {
      const { get } = serve({ token: null, isToken: () => false });
      expect((await get(url)).status).toBe(404);
      expect((await get(url, { from: HERE })).status).toBe(200);
    },
  );

  it('nobody logs in', async () => {
    const { post } = serve({ token: null, isToken: () => false, publicReads: true });
    expect((await post('/v1/login', { token: TOKEN })).status).toBe(403);
  });
});

describe('the page', () => {
  it('is what was built, and may load nothing else', async () => {
    const { get } = serve();
    expect(await get('/')).toMatchObject({
      status: 200,
      body: '<!doctype html>',
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': expect.stringContaining("default-src 'self'"),
        'x-content-type-options': 'nosniff',
      },
    });
    expect(await get('/console/app-1.js')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'public, max-age=31536000, immutable' },
    });
    expect((await get('/console/app-2.js')).status).toBe(404);
    expect((await get('/console/..%2f..%2fpackage.json')).status).toBe(404);
  });
});
