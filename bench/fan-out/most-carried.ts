/** Finds the largest number of viewers that is carried, when more can be too many. */
const FIRST = 200;
const GROWTH = 1.5;
/** The answer is this near: a number that is larger by this factor was too many. */
const PRECISION = 1.06;

/** Resolves to 0 where not even the first number is carried. */
export async function mostCarried(
  carries: (viewers: number) => Promise<boolean>,
  limit: number,
): Promise<number> {
  // Too many once may be the machine.
  const isCarried = async (viewers: number) => (await carries(viewers)) || (await carries(viewers));
  let carried = 0;
  let tooMany = FIRST;
  while (tooMany <= limit && (await isCarried(tooMany))) {
    carried = tooMany;
    tooMany = Math.round(tooMany * GROWTH);
  }
  while (carried > 0 && tooMany > carried * PRECISION) {
    const between = Math.round((carried + tooMany) / 2);
    if (await isCarried(between)) carried = between;
    else tooMany = between;
  }
  return carried;
}
