/** The servers that are compared, each as a process of its own on one core. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Workbench } from '../workbench.ts';
import type { Protocol } from './play-script.ts';

export interface Server {
  readonly name: string;
  readonly protocols: readonly Protocol[];
  /** Application and stream that the encoder publishes, with its query, and that viewers play. Null: it needs no encoder. */
  readonly publish: string | null;
  readonly play: string;
  /** How long it may gather what it writes; null where it does not. */
  readonly cadenceMs: number | null;
  readonly command: (ports: Ports) => readonly string[];
}

export interface Ports {
  readonly rtmp: number;
  readonly http: number;
  readonly control: number;
  /** For files. */
  readonly directory: string;
}

const HERE = import.meta.dirname;
const NODE = [process.execPath, '--import', 'tsx'];
const NGINX_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
/** As the unit starts it on hosts. */
const UNIT = readFileSync(join(HERE, '../../runtime/systemd/understudy.service'), 'utf8');
const NODE_OPTIONS = /^Environment=NODE_OPTIONS=(.*)$/m.exec(UNIT)?.[1] ?? '';
const KEYS = { BENCH_KEY: 'bench-key-0123456789', BENCH_SPARE_KEY: 'bench-spare-key-0123456789' };
/** What the encoders of this server publish: application and stream, with the key. */
export const MASTER = `master/camera1?key=${KEYS.BENCH_KEY}`;
export const BACKUP = `backup/spare?key=${KEYS.BENCH_SPARE_KEY}`;
/** Each has one core to itself; encoders and viewers share the other. */
const SERVER_CORE = 0;
const START_MS = 20_000;
const POLL_MS = 50;

/** This server as it is installed on hosts, from the bundle in the directory, with a delivery budget. It carries all viewers itself. */
export function understudy(
  deliveryBudgetMs: number,
  { workers }: { readonly workers: number } = { workers: 0 },
): Server {
  return {
    name: `understudy ${deliveryBudgetMs} ms`,
    protocols: ['rtmp', 'http-flv'],
    publish: MASTER,
    play: 'live/camera1',
    cadenceMs: deliveryBudgetMs,
    command: ({ rtmp, http, control, directory }) => {
      const file = join(directory, 'understudy.json');
      const config = {
        masters: [{ name: 'camera1', key: { env: 'BENCH_KEY' } }],
        backups: [{ name: 'spare', key: { env: 'BENCH_SPARE_KEY' } }],
        slate: false,
        hls: false,
        rtmp: { port: rtmp },
        http: { port: http },
        control: { port: control, remote: false },
        viewers: { deliveryBudgetMs, workers, maxViewers: 100_000 },
        limits: { connections: 100_000, connectionsPerAddress: 100_000, handshakes: 10_000 },
      };
      writeFileSync(file, JSON.stringify(config));
      const command = [join(directory, 'understudy/understudy.mjs'), 'run', '--config', file];
      return ['env', `NODE_OPTIONS=${NODE_OPTIONS}`, process.execPath, ...command];
    },
  };
}

/** As Debian ships it, with chunks of so many bytes. */
export function nginxRtmp(chunkBytes: number): Server {
  return {
    name: `nginx-rtmp, chunks of ${chunkBytes}`,
    protocols: existsSync(NGINX_MODULE) ? ['rtmp'] : [],
    publish: 'live/camera1',
    play: 'live/camera1',
    cadenceMs: null,
    command: ({ rtmp, directory }) => {
      const file = join(directory, 'nginx.conf');
      writeFileSync(
        file,
        `load_module ${NGINX_MODULE};
daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr crit;
worker_rlimit_nofile 100000;
events { worker_connections 50000; }
rtmp { access_log off; server { listen 127.0.0.1:${rtmp}; chunk_size ${chunkBytes}; application live { live on; } } }
`,
      );
      return ['nginx', '-p', directory, '-c', file];
    },
  };
}

export const nodeMediaServer: Server = {
  name: 'node-media-server',
  protocols: ['rtmp', 'http-flv'],
  publish: 'live/camera1',
  play: 'live/camera1',
  cadenceMs: null,
  command: ({ rtmp, http }) => [...NODE, join(HERE, 'node-media-server.ts'), `${rtmp}`, `${http}`],
};

/** One write to each viewer each so many ms, and nothing else. */
export function bareNode(cadenceMs: number): Server {
  return {
    name: `bare Node, each ${cadenceMs} ms`,
    protocols: ['bare'],
    publish: null,
    play: '',
    cadenceMs,
    command: ({ rtmp }) => [...NODE, join(HERE, 'floor.ts'), `${rtmp}`, `${cadenceMs}`],
  };
}

export const SERVERS: readonly Server[] = [
  understudy(40),
  understudy(100),
  nginxRtmp(4_096),
  nginxRtmp(60_000),
  nodeMediaServer,
  bareNode(40),
  bareNode(100),
];

/** Those whose name has one of the parts in it, which are given with commas between them. */
export function serversNamed(parts: string): readonly Server[] {
  return SERVERS.filter(({ name }) => parts.split(',').some((part) => name.includes(part)));
}

/** Resolves when it takes connections. `stdout`: whoever asks for a pipe reads it. */
export async function startServer(
  workbench: Workbench,
  server: Server,
  ports: Omit<Ports, 'directory'>,
  stdout: 'ignore' | 'pipe' = 'ignore',
): Promise<ChildProcess> {
  if (await takesConnections(ports.rtmp)) {
    throw new Error(`port ${ports.rtmp} is taken, perhaps by another benchmark: end that first`);
  }
  const child = workbench.start(server.command({ ...ports, directory: workbench.directory }), {
    core: SERVER_CORE,
    stdio: ['ignore', stdout, 'inherit'],
    env: { ...process.env, ...KEYS },
  });
  const until = performance.now() + START_MS;
  while (!(await takesConnections(ports.rtmp))) {
    if (child.exitCode !== null) throw new Error(`${server.name} ended with ${child.exitCode}`);
    if (performance.now() > until) throw new Error(`${server.name} takes no connections`);
    await pause(POLL_MS);
  }
  return child;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
