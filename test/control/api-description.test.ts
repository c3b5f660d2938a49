/** The description of the control API: whether it says what the routes do. */
import { describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import {
  commandAnswer,
  errorAnswer,
  hostEvent,
  hostHistory,
  hostState,
  playAddresses,
  switchEvent,
} from '../../runtime/contract/control-api.ts';
import { describeApi, OPERATIONS, SESSION_OPERATIONS } from '../../runtime/control/api-description.ts';
import { registerConsole } from '../../runtime/control/console-server.ts';
import { ADDRESSES, FakeHost, HISTORY, PROGRAM, STATE, SWITCH } from './samples.ts';

interface Described {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const described = describeApi() as Described;

it('describes every route that there is, and no other', async () => {
  const routes: string[] = [];
  const app = fastify({ exposeHeadRoutes: false });
  app.addHook('onRoute', ({ method, path }) => {
    routes.push(`${String(method)} ${path}`);
  });
  registerConsole(app, {
    token: null,
    isToken: () => false,
    trustLoopback: true,
    publicReads: false,
    host: new FakeHost(),
    now: () => 0,
    files: async () => new Map(),
    onRefused: () => {},
  });
  await app.ready();
  const found = routes.filter((route) => route.includes('/v1'));
  const expected = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(found.toSorted()).toEqual(expected.toSorted());
  await app.close();
});

it('refers to schemas that it has', () => {
  const text = JSON.stringify(described);
  const names = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
  expect(new Set(names)).toEqual(new Set(Object.keys(described.components.schemas)));
  expect(text).not.toContain('"$schema"');
  expect(text).not.toContain('readOnly');
});

it('says who needs a token', () => {
  const open = [...OPERATIONS, ...SESSION_OPERATIONS].filter(({ isOpen }) => isOpen).map(({ path }) => path);
  expect(open).toEqual(['/health', '/openapi.json', '/session', '/login', '/logout']);
  for (const [path, methods] of Object.entries(described.paths)) {
    for (const { responses } of Object.values(methods)) {
      expect(`${path} ${'401' in responses}`).toBe(`${path} ${!open.some((end) => path.endsWith(end))}`);
    }
  }
});

describe('answers', () => {
  it.each([
    ['the state', hostState, STATE],
    ['a switch', switchEvent, SWITCH],
    ['the event of a switch', hostEvent, { type: 'switch', ...SWITCH }],
    ['the history', hostHistory, HISTORY],
    ['the addresses', playAddresses, ADDRESSES],
    ['what became of a command', commandAnswer, { outcome: 'done', program: PROGRAM }],
    ['an error', errorAnswer, { error: 'no', field: 'by' }],
  ])('%s is as described', (_name, schema, value) => {
    expect(schema.parse(value)).toEqual(value);
    expect(schema.safeParse({ ...value, more: 1 }).success).toBe(false);
  });
});
