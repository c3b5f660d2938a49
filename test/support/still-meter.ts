/** How long a clock of media stood still at most, told by what it showed when somebody looked. All times in ms. */
export class StillMeter {
  /** The longest time for which it stood still, or may have, between two looks at it. */
  longestStillMs = 0;
  /** The longest time for which nobody looked: the page itself was not scheduled. */
  longestUnseenMs = 0;
  private last: { readonly nowMs: number; readonly mediaMs: number } | null = null;
  private stillMs = 0;

  /**
   * It shows `mediaMs` now. What that is short of the wall clock since the last look, it may have stood still for, and right
   * before this look: so it counts for what comes next, too. A page that was not scheduled, and finds that the media has
   * played on meanwhile, has not seen it stand still.
   */
  look(nowMs: number, mediaMs: number): void {
    const { last } = this;
    this.last = { nowMs, mediaMs };
    if (last === null) return;
    const wallMs = nowMs - last.nowMs;
    const playedMs = mediaMs - last.mediaMs;
    const missingMs = Math.max(0, wallMs - Math.max(0, playedMs));
    this.longestUnseenMs = Math.max(this.longestUnseenMs, wallMs);
    this.longestStillMs = Math.max(this.longestStillMs, this.stillMs + missingMs);
    this.stillMs = playedMs > 0 ? missingMs : this.stillMs + missingMs;
  }
}
