import type { Logger } from 'pino';
import { startCameraChild } from './camera/camera-child.ts';
import { type CameraLogin, type CameraOrder, parseLogin } from './camera/order.ts';
import { type SupervisedCamera, superviseCamera } from './camera/supervisor.ts';
import { childEnvironment } from './child-environment.ts';
import { type Config, type ConfiguredInput, ownedInputs } from './contract/config.ts';
import type { ConfigProblem } from './contract/config-problems.ts';
import { HIDDEN } from './contract/config-secrets.ts';
import { type KeyOptions, readSecret } from './keys.ts';
import type { Clock } from './media/clock.ts';
import { OWN_COMMAND } from './own-command.ts';

/** An input that a camera feeds, and what its process must know but for the host's port. */
export type CameraPlan = Omit<CameraOrder, 'hostUrl'>;

export type PlannedCameras =
  | { readonly ok: true; readonly plans: CameraPlan[] }
  | { readonly ok: false; readonly problems: ConfigProblem[] };

export interface CameraOptions {
  readonly plans: readonly CameraPlan[];
  /** Where the host's RTMP listener is. */
  readonly hostUrl: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningCameras {
  /** By input. */
  readonly cameras: ReadonlyMap<string, SupervisedCamera>;
  /** Resolves when all their processes are gone. */
  stop(): Promise<void>;
}

/** Says to `understudy camera` that its order comes over standard input. */
export const SUPERVISED_OPTION = '--supervised';
const ANY_ADDRESSES = new Set(['0.0.0.0', '::']);

/** The cameras of the inputs that this host owns. Reads their logins, and reports all problems with them at once. */
export function planCameras(
  config: Config,
  keys: ReadonlyMap<string, string>,
  where: Pick<KeyOptions, 'directory' | 'env'>,
): PlannedCameras {
  const problems: ConfigProblem[] = [];
  const plans = ownedInputs(config).flatMap((own): CameraPlan[] => {
    if (own.camera === undefined) return [];
    const login = readLogin(own, where);
    if (login !== null && 'key' in login) {
      problems.push(login);
      return [];
    }
    return [{ input: own.input, cameraUrl: own.camera.url, login, streamKey: keys.get(own.input) ?? '' }];
  });
  return problems.length === 0 ? { ok: true, plans } : { ok: false, problems };
}

/** Starts a process for each camera, so that one that falls takes no other with it. */
export function startCameras({ plans, hostUrl, env, clock, logger }: CameraOptions): RunningCameras {
  const cameras = new Map(
    plans.map((plan) => {
      const { input } = plan;
      const start = () =>
        startCameraChild({
          order: { ...plan, hostUrl },
          command: [process.execPath, OWN_COMMAND, 'camera', input, SUPERVISED_OPTION],
          env: childEnvironment(env),
          onLine: (line) => logger.info({ event: 'camera', input }, line),
        });
      return [input, superviseCamera({ input, start, clock, random: Math.random, log: logger })];
    }),
  );
  return {
    cameras,
    stop: async () => {
      await Promise.all([...cameras.values()].map((camera) => camera.stop()));
    },
  };
}

/** How this machine reaches its own RTMP listener. */
export function ownRtmpUrl({ rtmp }: Pick<Config, 'rtmp'>, port: number): string {
  const host = rtmp.host === undefined || ANY_ADDRESSES.has(rtmp.host) ? '127.0.0.1' : rtmp.host;
  return `rtmp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function readLogin(
  { camera, place }: ConfiguredInput,
  where: Pick<KeyOptions, 'directory' | 'env'>,
): CameraLogin | ConfigProblem | null {
  if (camera?.login === undefined) return null;
  const key = `${place}.camera.login`;
  if (!camera.url.startsWith('rtsp:')) {
    const fix = 'Take the login out: RTMP has none.';
    return { key, value: camera.login, allowed: 'only with rtsp://', fix };
  }
  const found = readSecret(key, camera.login, where);
  if ('problem' in found) return found.problem;
  const login = parseLogin(found.secret);
  const fix = `Write USER:PASSWORD into ${found.source}.`;
  return login ?? { key: found.place, value: HIDDEN, allowed: 'USER:PASSWORD', fix };
}
