import type { StateValue } from '@aws-sdk/client-cloudwatch';

const TOKEN =
  /\s*(AND\b|OR\b|NOT\b|TRUE\b|FALSE\b|(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?([^")]+?)"?\s*\)|[()])/y;

/**
 * Whether a composite alarm's rule holds: `ALARM("name")`, also by ARN, with AND, OR, NOT and parentheses. NOT binds
 * closest, then AND. Throws at what it does not know, and at an alarm that there is not.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
export function holds(rule: string, stateOf: (alarm: string) => StateValue): boolean {
  const tokens = tokensOf(rule);
  const result = either();
  if (tokens.length > 0) throw new Error(`a rule goes on: ${rule}`);
  return result;

  function either(): boolean {
    let result = both();
    while (takes('OR')) result = both() || result;
    return result;
  }
  function both(): boolean {
    let result = one();
    while (takes('AND')) result = one() && result;
    return result;
  }
  function one(): boolean {
    const [text = '', state, name] = tokens.shift() ?? [];
    if (state !== undefined) return stateOf(alarmOf(String(name))) === state;
    if (text === 'NOT') return !one();
    if (text === 'TRUE' || text === 'FALSE') return text === 'TRUE';
    if (text !== '(') throw new Error(`a rule has ${text || 'nothing'} where an alarm should be: ${rule}`);
    const result = either();
    if (!takes(')')) throw new Error(`a rule lacks a parenthesis: ${rule}`);
    return result;
  }
  function takes(text: string): boolean {
    if (tokens[0]?.[0] !== text) return false;
    tokens.shift();
    return true;
  }
}

type Token = readonly [text: string, state: string | undefined, alarm: string | undefined];

function tokensOf(rule: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rule.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(rule);
    if (match === null) throw new Error(`a rule cannot be read from ${rule.slice(start)}`);
    found.push([String(match[1]), match[2], match[3]]);
  }
  return found;
}

/** An alarm's name, from its name or its ARN. */
function alarmOf(text: string): string {
  return text.replace(/^arn:[^:]+:cloudwatch:[^:]*:[^:]*:alarm:/, '');
}
