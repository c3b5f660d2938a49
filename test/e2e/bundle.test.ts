/** The host bundle, as `npm run bundle` makes it: the same bytes everywhere, and all of Understudy without a package. */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HostState } from '../../runtime/contract/control-api.ts';
import { freePorts } from '../support/free-ports.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');
/** All that a bundle is made of, and what makes it. */
const SOURCES = [
  'LICENSE',
  'package.json',
  'runtime',
  'scripts',
  'tsconfig.json',
  'understudy.config.json',
  'understudy.schema.json',
];
const TEST_MS = 120_000;
const PATIENCE_MS = 30_000;

interface Metafile {
  readonly inputs: Record<string, { imports: ReadonlyArray<{ path: string; kind: string }> }>;
}

let folder: string;
let bundle: string;
let metafile: Metafile;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-bundle-'));
  bundle = join(folder, 'bundle');
  metafile = JSON.parse(readFileSync(build(ROOT, bundle), 'utf8')) as Metafile;
}, TEST_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs what `npm run bundle` runs; returns the file with esbuild's account. */
function build(root: string, out: string): string {
  const account = `${out}.json`;
  const options = ['--out', out, '--metafile', account];
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/bundle.ts', ...options], {
    cwd: root,
    stdio: 'pipe',
  });
  return account;
}

/** Every file with its mode and the hash of its bytes. */
function contentsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => {
        const mode = (statSync(path).mode & 0o777).toString(8);
        return [relative(directory, path), `${mode} ${sha256(readFileSync(path))}`];
      }),
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('making a bundle', () => {
  it(
    'makes the same bytes again, and from a copy of the sources elsewhere',
    () => {
      const again = join(folder, 'again');
      build(ROOT, again);
      const copy = join(folder, 'a copy');
      mkdirSync(copy);
      for (const source of SOURCES) cpSync(join(ROOT, source), join(copy, source), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
      const elsewhere = join(folder, 'elsewhere');
      build(copy, elsewhere);

      const first = contentsOf(bundle);
      expect(Object.keys(first)).toContain('understudy.mjs');
      expect(contentsOf(again)).toEqual(first);
      expect(contentsOf(elsewhere)).toEqual(first);
    },
    TEST_MS,
  );

  it('lists the sum of every other file', () => {
    const { SHA256SUMS: _, ...others } = contentsOf(bundle);
    const lines = Object.entries(others).map(([name, content]) => `${content.split(' ')[1]}  ${name}\n`);
    expect(readFileSync(join(bundle, 'SHA256SUMS'), 'utf8')).toBe(lines.join(''));
  });

  it('names every package inside with its version and licence', () => {
    const notice = readFileSync(join(bundle, 'THIRD-PARTY-LICENSES'), 'utf8');
    const names = new Set(Object.keys(metafile.inputs).flatMap((file) => packageOf(file) ?? []));
    expect(names.size).toBeGreaterThan(10);
    const code = readdirSync(bundle)
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => readFileSync(join(bundle, name), 'utf8'))
      .join('\n');
    // esbuild marks where each file's code begins; of some packages nothing is left.
    const present = [...names].filter((name) => code.includes(`// node_modules/${name}/`));
    for (const name of present)
      expect(notice).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\S*: \\S+`, 'm'));
  });

  it.each([
    { what: 'any command', entry: 'runtime/main.ts', never: /^(?!commander$)/ },
    // Large, and needed by few hosts.
    {
      what: 'a host',
      entry: 'runtime/run-command.ts',
      never: /^@aws-sdk|^@smithy|^node-media-server|^express/,
    },
  ])('leaves what not every start of $what needs until it is needed', ({ entry, never }) => {
    const reached = new Set<string>();
    const queue = [entry];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file)) continue;
      reached.add(file);
      for (const { path, kind } of metafile.inputs[file]?.imports ?? []) {
        if (kind !== 'dynamic-import') queue.push(path);
      }
    }
    const packages = new Set([...reached].flatMap((file) => packageOf(file) ?? []));
    expect(packages.size).toBeGreaterThan(0);
    expect([...packages].filter((name) => never.test(name))).toEqual([]);
  });

  it('does not replace a folder that is no bundle', () => {
    const precious = join(folder, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'letter'), 'dear');
    expect(() => build(ROOT, precious)).toThrow('is no bundle');
    expect(readdirSync(precious)).toEqual(['letter']);
  });
});

describe('a bundle alone in a folder', () => {
  /** Runs its command there, with nothing of this checkout in reach. */
  function understudy(...args: readonly string[]): ChildProcess {
    const options = { cwd: folder, env: { PATH: process.env.PATH } };
    return execFile(process.execPath, [join(bundle, 'understudy.mjs'), ...args], options);
  }

  async function ended(child: ChildProcess): Promise<{ status: number | null; out: string; err: string }> {
    let [out, err] = ['', ''];
    child.stdout?.on('data', (text: string) => {
      out += text;
    });
    child.stderr?.on('data', (text: string) => {
      err += text;
    });
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { status, out, err };
  }

  it('knows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await ended(understudy('--version'))).toEqual({ status: 0, out: `${version}\n`, err: '' });
  });

  it('says of a command for elsewhere where that is', async () => {
    expect(Object.keys(metafile.inputs).filter((file) => file.includes('client-medialive'))).toEqual([]);
    const config = join(folder, 'medialive.json');
    const aws = { mediaLive: [{ program: 'camera1' }] };
    const inputs = { masters: [{ name: 'camera1' }], backups: [{ name: 'spare' }] };
    writeFileSync(config, JSON.stringify({ ...inputs, aws }));
    expect(await ended(understudy('medialive', 'status', '--config', config))).toEqual({
      status: 1,
      out: '',
      err: expect.stringContaining('run this where you deploy from'),
    });
  });

  it(
    'runs a host with its demo, which a viewer watches, and ends when it is told',
    async () => {
      const [rtmp = 0, http = 0, control = 0] = await freePorts(3);
      const config = join(folder, 'demo.json');
      const listeners = { rtmp: { port: rtmp }, http: { port: http }, control: { port: control } };
      const masters = [{ name: 'camera1' }];
      writeFileSync(config, JSON.stringify({ ...listeners, masters, backups: [{ name: 'spare' }] }));
      const host = understudy('run', '--demo', '--config', config, '--log-format', 'json');
      const hostEnded = ended(host);
      try {
        const status = async (): Promise<HostState | null> => {
          const answer = await ended(understudy('status', '--config', config, '--json'));
          return answer.status === 0 ? (JSON.parse(answer.out) as HostState) : null;
        };
        await until(
          'the demo is on air',
          async () => (await status())?.programs[0]?.onAir === 'master/camera1',
          PATIENCE_MS,
        );
        for (const url of [
          `rtmp://127.0.0.1:${rtmp}/live/camera1`,
          `http://127.0.0.1:${http}/live/camera1.flv`,
        ]) {
          const watched = await ended(understudy('watch', url, '--duration', '2s', '--json'));
          expect(JSON.parse(watched.out)).toMatchObject({ breaches: [], framesBeforeHeaders: 0 });
          expect(watched.status).toBe(0);
        }
      } finally {
        host.kill('SIGTERM');
      }
      const { status, out, err } = await hostEnded;
      expect({ status, err }).toEqual({ status: 0, err: '' });
      expect(out).toContain('node understudy.mjs watch');
      const keys = JSON.parse(readFileSync(join(folder, 'understudy.keys.json'), 'utf8')) as object;
      for (const key of Object.values(keys)) expect(out).not.toContain(key);
    },
    TEST_MS,
  );
});

function packageOf(file: string): string | undefined {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}
