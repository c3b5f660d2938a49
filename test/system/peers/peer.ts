import { spawnSync } from 'node:child_process';

/** An encoder, a player or a relay that many people have. Command lines are in the order in which they are started. */
export interface Peer {
  /** As it stands in the table. */
  readonly name: string;
  /** The Debian packages that it comes in; none where it comes with npm. */
  readonly packages: readonly string[];
  version(): string;
  /** Publishes until it is ended. */
  readonly publish?: (job: PublishJob) => readonly Command[];
  /** Plays until it is ended, and leaves a recording. */
  readonly play?: (job: PlayJob) => readonly Command[];
}

export interface Job {
  readonly url: string;
  /** Its own, and open to all: some peers refuse to run as root. */
  readonly directory: string;
  /** Of the loopback address, free, for a peer that listens. */
  readonly port: number;
}

export interface PublishJob extends Job {
  /** H.264 and AAC. `loop` is for those who can begin it again with continuous timestamps. */
  readonly clip: { readonly loop: string; readonly long: string };
}

export interface PlayJob extends Job {
  /** Where the FLV recording is expected. */
  readonly recording: string;
  /** Where a peer that reports by itself puts a ViewerReport instead (test/support/ffmpeg-viewer.ts). */
  readonly report: string;
}

export interface Command {
  readonly line: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Stands beside the peer: is neither killed nor frozen, and started anew with it. */
  readonly isHelper?: boolean;
  /** Is started once this port is listened on, or this file is there. */
  readonly after?: number | string;
  /** How it is asked to finish its recording. Default SIGTERM. */
  readonly endSignal?: NodeJS.Signals;
}

/** What dpkg says, without the epoch; empty where the package is not installed. */
export function debianVersion(name: string): string {
  const query = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  const [, version = ''] =
    /^Status: install ok installed$[\s\S]*^Version: (?:\d+:)?(.+)$/m.exec(query.stdout) ?? [];
  return version;
}

/** The key behind the name, as many services have it, and not as a query. */
export function keyInPath(url: string): string {
  return url.replace('?key=', '/');
}
