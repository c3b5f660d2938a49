/** Where and why a text is no JSON. Node's own messages quote the text around the mistake, which may be a key. */

const VALUE = 'a value';
const NAME = 'a key in double quotes';
const COLON = 'a colon';
const COMMA = 'a comma';
const NOTHING = 'nothing more';

export interface JsonMistake {
  /** Characters in front of it. */
  readonly offset: number;
  /** What could stand there instead, in words. */
  readonly expected: readonly string[];
}

/**
 * The first mistake; undefined where there is none. Reads token by token: `open` holds the brackets to close, `expected`
 * what may come next.
 */
export function findJsonMistake(text: string): JsonMistake | undefined {
  const token =
    /"(?:[^"\\\n\r\t]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;
  const space = /[ \t\r\n]*/y;
  const open: string[] = [];
  let expected: readonly string[] = [VALUE];
  for (let offset = 0; ; offset = token.lastIndex) {
    space.lastIndex = offset;
    space.exec(text);
    token.lastIndex = space.lastIndex;
    if (token.lastIndex === text.length && expected.length === 0) return undefined;
    const start = token.lastIndex;
    const found = token.exec(text)?.[0];
    const next = found === undefined ? undefined : afterToken(found, expected, open);
    if (next === undefined) return { offset: start, expected: expected.length === 0 ? [NOTHING] : expected };
    expected = next;
  }
}

/** What may follow `token`; undefined where it is itself out of place. */
function afterToken(
  token: string,
  expected: readonly string[],
  open: string[],
): readonly string[] | undefined {
  const afterValue = () => (open.length === 0 ? [] : [COMMA, open.at(-1)!]);
  if (token === '}' || token === ']') {
    if (!expected.includes(token)) return undefined;
    open.pop();
    return afterValue();
  }
  if (token === ',') return expected.includes(COMMA) ? [open.at(-1) === '}' ? NAME : VALUE] : undefined;
  if (token === ':') return expected.includes(COLON) ? [VALUE] : undefined;
  if (token.startsWith('"') && expected.includes(NAME)) return [COLON];
  if (!expected.includes(VALUE)) return undefined;
  if (token !== '{' && token !== '[') return afterValue();
  open.push(token === '{' ? '}' : ']');
  return token === '{' ? [NAME, '}'] : [VALUE, ']'];
}

/** How to mend `text`: by the character at the mistake, and the last one in front of it that is no space. */
export function jsonFix(text: string, { offset, expected }: JsonMistake): string {
  const value = text[offset];
  const previous = text.slice(0, offset).trimEnd().at(-1);
  if (value === undefined) {
    return previous === undefined
      ? 'The file is empty: start with { and end with }.'
      : 'Close what is still open.';
  }
  if (value === '/' || value === '#') return 'Take the comment out: JSON has none.';
  if (previous === ',' && (value === '}' || value === ']')) return 'Take out the comma before it.';
  if (value === "'" || value === '“' || value === '”') return 'Use double quotes: "…".';
  if (expected.includes(NOTHING)) return 'Take out all that follows the end.';
  if (value === '\uFEFF') return 'Save the file as UTF-8 without a byte order mark.';
  if (expected.includes(COMMA) && (value === '}' || value === ']')) {
    return `Write ${expected.at(-1)} before it.`;
  }
  if (expected.includes(COMMA)) return 'Put a comma before it, or take it out.';
  if (expected.includes(COLON)) return 'Put a colon between the key and its value.';
  if (value === '"') {
    return 'End this text with a double quote on the same line, and write \\\\ for each \\ in it.';
  }
  if (expected.includes(NAME)) return 'Write the key in double quotes.';
  return 'Write a value here: text in double quotes, a number, true, false, null, a list or an object.';
}
