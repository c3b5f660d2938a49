/** Writing to viewers should take no more than this share of the time. */
const WRITING_SHARE = 0.1;
/** A hold this short gathers nothing: packets of an encoder are further apart. */
const LEAST_HOLD_MS = 2;
/** How much the newest flush counts. */
const NEWEST = 0.2;

/**
 * How long the packets of a host's programs are gathered before they are written to the viewers. Each write costs about the
 * same, however little is in it: with few viewers packets go out at once; with many, so much later that writing leaves the
 * time for everything else, and never beyond the budget.
 */
export class DeliveryPacer {
  private readonly budgetMs: number;
  /** What one flush of each program takes, in ms. */
  private readonly costs = new Map<object, number>();
  private costMs = 0;

  constructor(budgetMs: number) {
    this.budgetMs = budgetMs;
  }

  /** 0: at once. */
  get holdMs(): number {
    const hold = this.costMs / WRITING_SHARE;
    return hold < LEAST_HOLD_MS ? 0 : Math.min(hold, this.budgetMs);
  }

  /** A flush of `program` took so long. */
  took(program: object, ms: number): void {
    const before = this.costs.get(program) ?? 0;
    const cost = before + (ms - before) * NEWEST;
    this.costs.set(program, cost);
    this.costMs += cost - before;
  }

  /** It is carried no more. */
  ended(program: object): void {
    this.costMs -= this.costs.get(program) ?? 0;
    this.costs.delete(program);
  }
}
