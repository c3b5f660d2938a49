// The part of node-media-server 4.4.3 that media-server.ts uses; the package has no types of its own.
declare module 'node-media-server' {
  import type { Server } from 'node:http';

  export interface RelayTask {
    readonly url: string;
    readonly streamPath: string;
    readonly mode: 'pull';
    readonly reconnect: boolean;
  }

  /** What addTask returns. All is optional: it is read with care, and the version is exact. */
  export interface RelaySession {
    readonly rtspClient?: {
      username?: string;
      password?: string;
      onRtpDataCallback?: (channel: number, data: Buffer) => void;
    };
    readonly rtmpClient?: {
      onPacketCallback?: (packet: { readonly data: Buffer }) => void;
    };
    /** Null until the camera's answer to PLAY, or the server's to `play`, has been taken. */
    readonly broadcast?: object | null;
    readonly sdp?: {
      readonly media: ReadonlyArray<{
        readonly type: string;
        readonly codec: string;
        readonly fmtp: Readonly<Record<string, string>>;
      }>;
    } | null;
  }

  export default class NodeMediaServer {
    constructor(config: {
      readonly bind: string;
      readonly http: { readonly port: number | string };
      readonly webadmin: { readonly enable: boolean };
      readonly store: { readonly path: string };
    });
    readonly httpServer: { readonly httpServer?: Server };
    readonly relayServer: {
      addTask(task: RelayTask): RelaySession | undefined;
      removeTask(taskKey: string): boolean;
      getTaskStatus(taskKey: string): { readonly isRunning: boolean } | null;
    };
    run(): Promise<void>;
    stop(): Promise<void>;
  }
}
