import type { ControlEvent, Finding, Plan, PlannedCommand } from './plan.ts';
import { type Decision, PIN_MS, type ProgramOrder } from './program-decision.ts';

/** A host that hears of a command later than this does nothing: the next run plans anew. */
export const COMMAND_LIFE_MS = 30_000;

interface Collected<T> {
  readonly what: T;
  readonly hosts: string[];
}

/** A plan in the making: turns decisions into commands, and what is the same for several hosts into one. */
export class PlanDraft {
  private readonly event: ControlEvent;
  private readonly now: number;
  private readonly commands = new Map<string, Collected<Omit<PlannedCommand, 'hosts'>>>();
  private readonly findings = new Map<string, Collected<Finding>>();

  constructor(event: ControlEvent, now: number) {
    this.event = event;
    this.now = now;
  }

  get isEmpty(): boolean {
    return this.findings.size === 0;
  }

  find(severity: Finding['severity'], subject: string, text: string): void {
    hostsOf(this.findings, { severity, subject, text });
  }

  /** What was decided for a program on a host. `isConcerned`: the event is about one of its inputs. */
  add(options: {
    readonly host: string;
    readonly program: string;
    readonly decision: Decision;
    readonly isConcerned: boolean;
  }): void {
    const { host, program, decision, isConcerned } = options;
    const { order } = decision;
    const why = order === null ? decision.why : `${decision.why}: ${effectOf(order)}`;
    // What an event brings about is no repair.
    const severity = decision.severity === 'repair' && isConcerned ? 'info' : decision.severity;
    hostsOf(this.findings, { severity, subject: program, text: why }).push(host);
    if (order === null) return;
    const { event, now } = this;
    const command = {
      program,
      by: isConcerned && event.kind === 'alarm' ? `alarm ${event.alarm}` : 'reconciliation',
      reason: decision.why,
      sequence: now,
      notAfter: now + COMMAND_LIFE_MS,
      automatic: true,
    };
    const given =
      order.action === 'switch' ? { ...order, ...command, until: now + PIN_MS } : { ...order, ...command };
    hostsOf(this.commands, { command: given, why }).push(host);
  }

  finish(): Plan {
    return {
      commands: [...this.commands.values()].map(({ what, hosts }) => ({ ...what, hosts })),
      findings: [...this.findings.values()].map(({ what, hosts }) =>
        hosts.length === 0 ? what : { ...what, text: `${what.text} (on ${hosts.join(', ')})` },
      ),
    };
  }
}

function effectOf(order: ProgramOrder): string {
  return order.action === 'switch' ? `to ${order.source}` : 'released';
}

/** The hosts that are collected for what is the same. */
function hostsOf<T>(all: Map<string, Collected<T>>, what: T): string[] {
  const key = JSON.stringify(what);
  const collected = all.get(key) ?? { what, hosts: [] };
  all.set(key, collected);
  return collected.hosts;
}
