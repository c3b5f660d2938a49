/** What the fence says of a command that must not be carried out. */
export interface Fenced {
  readonly outcome: 'repeated' | 'overtaken';
  readonly why: string;
}

/** Keeps commands of one kind of asker in order: each carries a number, and one that a higher one has overtaken does nothing. */
export class Fence {
  private last = Number.NEGATIVE_INFINITY;
  /** What the last number stood for; null where it changed nothing, so that it may be tried again. */
  private done: string | null = null;

  /** `what`: the command in words. The same number on another one is a mistake, not a repetition. */
  check(sequence: number, what: string): Fenced | null {
    if (sequence < this.last) {
      return { outcome: 'overtaken', why: `sequence ${sequence} is older than ${this.last}` };
    }
    if (sequence > this.last || this.done === null) return null;
    return what === this.done
      ? { outcome: 'repeated', why: `sequence ${sequence} was carried out` }
      : { outcome: 'overtaken', why: `sequence ${sequence} was a ${this.done}; take a higher one` };
  }

  /** The command is carried out. */
  pass(sequence: number, what: string): void {
    this.last = sequence;
    this.done = what;
  }

  /** It is not, but what is older is worth nothing any more. */
  yield(sequence: number): void {
    this.last = sequence;
    this.done = null;
  }
}
