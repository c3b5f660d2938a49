/** What is fuzzed. A target's module is loaded with counters, so it exports this and imports the code that it tries. */
export interface Target {
  readonly seeds: () => Buffer[];
  readonly dictionary?: readonly Buffer[];
  /** Longer inputs are cut. */
  readonly maxBytes: number;
  /** Tries one input. Throws for anything that is a fault of ours: a peer's mistake ends in ProtocolError, which it expects. */
  readonly run: (input: Buffer) => void;
}
