const PATIENCE_MS = 4_000;

/** Resolves as soon as `check` gives something true, looked at in each turn of the event loop. */
export async function until<T>(what: string, check: () => T | null | undefined | false | 0): Promise<T> {
  const givenUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const result = check();
    if (result) return result;
    if (performance.now() > givenUpAt) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
