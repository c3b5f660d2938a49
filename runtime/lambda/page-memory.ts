import type { Finding } from './plan.ts';

/** Whoever was paged and has not come by then is paged again. */
const AGAIN_MS = 15 * 60_000;
const MOST = 1_000;

/**
 * Holds back pages that were sent lately: the function runs every minute and finds the same again. It lasts as long as Lambda
 * keeps the function's process, which it does while it is called every minute; a new one may page once more.
 */
export class PageMemory {
  private readonly pagedAt = new Map<string, number>();

  /** The findings, with those that nobody needs to be told again as information. */
  quieten(findings: readonly Finding[], now: number): Finding[] {
    return findings.map((finding) => {
      const at = finding.severity === 'page' ? this.pagedAt.get(keyOf(finding)) : undefined;
      if (at === undefined || now - at >= AGAIN_MS) return finding;
      return { ...finding, severity: 'info', text: `${finding.text} (paged before)` };
    });
  }

  /** These were sent. */
  remember(findings: readonly Finding[], now: number): void {
    for (const finding of findings) {
      if (finding.severity !== 'page') continue;
      this.pagedAt.delete(keyOf(finding));
      this.pagedAt.set(keyOf(finding), now);
    }
    for (const key of this.pagedAt.keys()) {
      if (this.pagedAt.size <= MOST) break;
      this.pagedAt.delete(key);
    }
  }
}

/** Times and counts in a text change with every run. */
function keyOf({ subject, text }: Finding): string {
  return `${subject} ${text.replaceAll(/\d+(?= s\b)/g, '#')}`;
}
