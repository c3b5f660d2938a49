/** What a server and its children use, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux reports in hundredths of a second, on all architectures that Node runs on. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

export interface Use {
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Of a process and all that it has started. */
export function useOf(pid: number): Use {
  const stats = new Map<number, { parent: number; cpuMs: number; residentBytes: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields === null) continue;
    // proc(5): counted from the state, which is the third.
    const [parent, user, system, pages] = [1, 11, 12, 21].map((at) => Number(fields[at]));
    stats.set(Number(name), {
      parent: parent ?? 0,
      cpuMs: ((user ?? 0) + (system ?? 0)) * TICK_MS,
      residentBytes: (pages ?? 0) * PAGE_BYTES,
    });
  }
  const family = [...stats].filter(([own]) => isOf(own));
  return {
    cpuMs: family.reduce((sum, [, { cpuMs }]) => sum + cpuMs, 0),
    residentBytes: family.reduce((sum, [, { residentBytes }]) => sum + residentBytes, 0),
  };

  function isOf(one: number): boolean {
    for (let at = one; at > 1; at = stats.get(at)?.parent ?? 0) if (at === pid) return true;
    return false;
  }
}

/** The fields behind the name, which may hold anything; null where the process has gone. */
function statOf(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
