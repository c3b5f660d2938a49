import type { Attacker } from './attacker.ts';
import type { Site } from './drills.ts';
import type { HostProcess } from './host-process.ts';

/** A host under one attack: what has happened there since it began. */
export class DrillSite implements Site {
  private readonly host: HostProcess;
  private readonly attacker: Attacker;
  private readonly program: string;
  private readonly logStart: number;
  private readonly limitsBefore: ReadonlyMap<string, number>;
  private readonly skipsBefore: number;

  /** `program`: the one that is attacked. */
  static async begin(host: HostProcess, attacker: Attacker, program: string): Promise<DrillSite> {
    const before = { limits: await limitTotals(host), skips: await viewerSkips(host, program) };
    return new DrillSite(host, attacker, program, before);
  }

  private constructor(
    host: HostProcess,
    attacker: Attacker,
    program: string,
    before: { readonly limits: ReadonlyMap<string, number>; readonly skips: number },
  ) {
    this.host = host;
    this.attacker = attacker;
    this.program = program;
    this.logStart = host.log.length;
    this.limitsBefore = before.limits;
    this.skipsBefore = before.skips;
  }

  closings(): string[] {
    const addresses = new Set(this.attacker.peerAddresses);
    return this.events('rtmp-closed')
      .filter(({ address }) => addresses.has(String(address)))
      .map(({ reason }) => String(reason));
  }

  readBytes(): number {
    return this.attacker.readBytes;
  }

  async skips(): Promise<number> {
    return (await viewerSkips(this.host, this.program)) - this.skipsBefore;
  }

  /** Whether the log and the metrics both say that a limit was met. */
  async hasMet(limit: string): Promise<boolean> {
    if (!this.events('limit').some((line) => line.limit === `limits.${limit}`)) return false;
    const total = (await limitTotals(this.host)).get(limit) ?? 0;
    return total > (this.limitsBefore.get(limit) ?? 0);
  }

  /** Of the programs that are not attacked. */
  get otherSwitches(): unknown[] {
    return this.events('switch').filter(({ program }) => program !== this.program);
  }

  private events(kind: string): HostProcess['log'] {
    return this.host.log.slice(this.logStart).filter(({ event }) => event === kind);
  }
}

async function limitTotals(host: HostProcess): Promise<ReadonlyMap<string, number>> {
  const samples = (await host.metrics()).get('understudy_limits_met_total')?.samples ?? [];
  return new Map(samples.map(({ labels, value }) => [labels.limit ?? '', value]));
}

async function viewerSkips(host: HostProcess, program: string): Promise<number> {
  return (await host.state()).programs.find(({ name }) => name === program)?.viewerSkips ?? 0;
}
