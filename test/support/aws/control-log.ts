/** What the control function writes of each run (docs/control.md, "The log"): the tests' reading of it. */
export interface ControlRunLine {
  /** When it began, ms since the epoch. */
  readonly time: number;
  readonly durationMs: number;
  readonly cause: { readonly kind: string; readonly alarm?: string; readonly state?: string };
  readonly problems: readonly string[];
  readonly commands: ReadonlyArray<{
    readonly command: Readonly<Record<string, unknown>> & { readonly action: string };
    readonly hosts: ReadonlyArray<{ readonly host: string; readonly outcome: string }>;
  }>;
  readonly findings: ReadonlyArray<{
    readonly severity: string;
    readonly subject: string;
    readonly text: string;
  }>;
  readonly ControlRepairs: number;
  readonly ControlFailures: number;
}

/** The runs in a function's output, in order; lines that are something else are left out. */
export function controlRuns(output: string): ControlRunLine[] {
  const lines = output.split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{"_aws"')).map((line) => JSON.parse(line) as ControlRunLine);
}
