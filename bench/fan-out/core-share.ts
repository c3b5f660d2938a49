/** Gives a process a share of one core and no more, by the CPU controller of cgroups (either version). Needs root. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Short, so that a process which has used its share waits no longer than this. */
const PERIOD_US = 10_000;
const VERSION_1 = '/sys/fs/cgroup/cpu';
const VERSION_2 = '/sys/fs/cgroup';

export class CoreShare {
  private readonly directory: string;

  /** `share`: of one core, above 0. */
  constructor(name: string, share: number) {
    const isFirst = existsSync(join(VERSION_1, 'cpu.cfs_quota_us'));
    this.directory = join(isFirst ? VERSION_1 : VERSION_2, name);
    mkdirSync(this.directory);
    const quota = Math.round(share * PERIOD_US);
    if (isFirst) {
      this.write('cpu.cfs_period_us', PERIOD_US);
      this.write('cpu.cfs_quota_us', quota);
    } else this.write('cpu.max', `${quota} ${PERIOD_US}`);
  }

  take(pid: number): void {
    this.write('cgroup.procs', pid);
  }

  /** What it had taken must have ended. */
  remove(): void {
    rmdirSync(this.directory);
  }

  private write(file: string, value: number | string): void {
    writeFileSync(join(this.directory, file), `${value}`);
  }
}
