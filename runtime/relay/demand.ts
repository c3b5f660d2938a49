import type { Cancel, Clock } from '../media/clock.ts';

/** A program that needs inputs of other hosts. */
export interface DemandingProgram {
  readonly name: string;
  /** The inputs that have to be pulled for it. */
  readonly inputs: readonly string[];
}

export interface DemandOptions {
  readonly clock: Clock;
  /** How long, in ms, a program goes on without viewers. */
  readonly lingerMs: number;
  readonly programs: readonly DemandingProgram[];
  /** Starts to pull an input; returns how to stop that. */
  readonly pull: (input: string) => Cancel;
  readonly wake: (program: string) => void;
  readonly rest: (program: string) => void;
}

interface Pull {
  users: number;
  readonly stop: Cancel;
}

/**
 * Pulls the inputs of the programs that somebody plays, and of no others; each input once, however many programs need it.
 *
 *   resting -[viewer]▶ served -[last viewer leaves]▶ lingering -[lingerMs]▶ resting;   lingering -[viewer]▶ served
 */
export class Demand {
  private readonly options: DemandOptions;
  private readonly programs: ReadonlyMap<string, DemandingProgram>;
  private readonly served = new Set<string>();
  private readonly lingering = new Map<string, Cancel>();
  private readonly pulls = new Map<string, Pull>();
  private isStopped = false;

  constructor(options: DemandOptions) {
    this.options = options;
    this.programs = new Map(options.programs.map((program) => [program.name, program]));
  }

  /** The number of a program's viewers has changed. */
  viewers(name: string, count: number): void {
    const program = this.programs.get(name);
    // The viewers of a host that stops leave one by one, and the rest of them need nothing any more.
    if (program === undefined || this.isStopped) return;
    if (count > 0) this.serve(program);
    else if (this.served.has(name) && !this.lingering.has(name)) {
      const { clock, lingerMs } = this.options;
      this.lingering.set(
        name,
        clock.after(lingerMs, () => this.rest(program)),
      );
    }
  }

  /** Somebody needs the program: its inputs are pulled from now on. */
  serve(program: DemandingProgram): void {
    this.lingering.get(program.name)?.();
    this.lingering.delete(program.name);
    if (this.served.has(program.name)) return;
    this.served.add(program.name);
    this.options.wake(program.name);
    for (const input of program.inputs) {
      const pull = this.pulls.get(input);
      if (pull === undefined) this.pulls.set(input, { users: 1, stop: this.options.pull(input) });
      else pull.users += 1;
    }
  }

  /** Ends all pulls for good, and no program is told. */
  stop(): void {
    this.isStopped = true;
    for (const cancel of this.lingering.values()) cancel();
    for (const { stop } of this.pulls.values()) stop();
    this.lingering.clear();
    this.pulls.clear();
    this.served.clear();
  }

  private rest(program: DemandingProgram): void {
    this.lingering.delete(program.name);
    this.served.delete(program.name);
    // First, so that the end of its inputs is no loss.
    this.options.rest(program.name);
    for (const input of program.inputs) {
      const pull = this.pulls.get(input);
      if (pull === undefined) continue;
      pull.users -= 1;
      if (pull.users > 0) continue;
      this.pulls.delete(input);
      pull.stop();
    }
  }
}
