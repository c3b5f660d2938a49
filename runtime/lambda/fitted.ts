/**
 * JSON of a flat record in at most `limitBytes` of UTF-8: as long as it is larger, the longest of its lists loses its second
 * half, and `isCut` is set. What is not in lists must fit.
 */
export function fitted(record: Readonly<Record<string, unknown>>, limitBytes: number): string {
  let text = JSON.stringify(record);
  let left = record;
  while (Buffer.byteLength(text) > limitBytes) {
    const lists = Object.entries(left).filter((field): field is [string, unknown[]] =>
      isFilledList(field[1]),
    );
    const [longest] = lists.sort(([, a], [, b]) => sizeOf(b) - sizeOf(a));
    if (longest === undefined)
      throw new Error(`a record of ${text.length} characters has nothing to leave out`);
    const [name, list] = longest;
    left = { ...left, [name]: list.slice(0, Math.floor(list.length / 2)), isCut: true };
    text = JSON.stringify(left);
  }
  return text;
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value).length;
}
