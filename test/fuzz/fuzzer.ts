import { Random } from '../support/random.ts';
import { Corpus } from './corpus.ts';
import type { Instrumented } from './instrument.ts';
import { mutate } from './mutator.ts';
import type { Target } from './target.ts';

export interface FuzzOptions {
  readonly target: Target;
  readonly hits: Instrumented['hits'];
  readonly seed: number;
  /** Called before each input is tried: a loop that never ends is found by whoever looks at it from outside. */
  readonly before?: (input: Buffer) => void;
}

export interface Crash {
  readonly input: Buffer;
  readonly error: unknown;
}

/** Coverage-guided fuzzing: an input that reaches something new is kept, and mutated in turn. The same seed does the same. */
export class Fuzzer {
  runs = 0;
  crash: Crash | null = null;
  private readonly options: FuzzOptions;
  private readonly corpus: Corpus;
  private readonly random: Random;

  constructor(options: FuzzOptions) {
    this.options = options;
    this.corpus = new Corpus(options.hits);
    this.random = new Random(options.seed);
    for (const seed of options.target.seeds()) this.try(seed);
  }

  /** Tries so many more, or fewer where one crashes. */
  go(count: number): void {
    const { target } = this.options;
    const { dictionary = [], maxBytes } = target;
    for (let left = count; left > 0 && this.crash === null; left -= 1) {
      const { inputs } = this.corpus;
      // What was found last has been tried least.
      const base =
        inputs.length === 0
          ? Buffer.alloc(0)
          : this.random.chance(0.5)
            ? this.random.pick(inputs)
            : (inputs[inputs.length - 1 - Math.floor(inputs.length * this.random.fraction() ** 3)] ??
              Buffer.alloc(0));
      this.try(mutate(base, { random: this.random, maxBytes, dictionary }, inputs));
    }
  }

  get figures(): { runs: number; corpus: number; reached: number; counters: number } {
    const { runs, corpus } = this;
    return {
      runs,
      corpus: corpus.inputs.length,
      reached: corpus.reached,
      counters: this.options.hits.length,
    };
  }

  private try(input: Buffer): void {
    const { target, before } = this.options;
    before?.(input);
    this.runs += 1;
    try {
      // A copy: whoever keeps or changes what it was given must not change the corpus.
      target.run(Buffer.from(input));
    } catch (error) {
      this.crash = { input: Buffer.from(input), error };
    }
    this.corpus.note(input);
  }
}
