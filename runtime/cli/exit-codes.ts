/** What the command's exit status says. */
export const ExitCode = {
  ok: 0,
  /** It ran, and what it checked or asked for was not so: a drill failed, a viewer saw a break, a command was refused. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The host, or the stream, could not be reached. */
  unreachable: 3,
} as const;

/** Ends a command with a text for people and an exit status. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.usage) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
