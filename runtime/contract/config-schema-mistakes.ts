/** What the schema has against a configuration, with the fix for each mistake. */
import { KEYS_FILE } from './config.ts';
import { type ConfigMistake, type Path, valueAt } from './config-path.ts';
import { allowedBy, keysOf, placesOf, type Rule, ruleAt, rules } from './config-rules.ts';
import { isSecretName } from './config-secrets.ts';
import { nearest } from './wording.ts';

const SECRET_FIX = 'Secrets do not belong in this file: write';
const STREAM_KEY_FIX = `"key": {"env": "CAMERA1_KEY"} or {"file": "camera1.key"}, or leave the key out and one is generated in ${KEYS_FILE}.`;
const RELAY_KEY_FIX = '"key": {"env": "RELAY_KEY"} or {"file": "relay.key"}, the same on all hosts.';
const PLAY_KEY_FIX = '"playKey": {"env": "PLAY_KEY"} or {"file": "play.key"}, the same on all hosts.';
const LOGIN_FIX =
  '"login": {"env": "CAMERA1_LOGIN"} or {"file": "camera1.login"}, which holds USER:PASSWORD.';

/** The part of zod's issues that matters here. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

/** What was written and the rules for it. */
interface Reading {
  readonly raw: unknown;
  readonly root: Rule;
}

/** `issues` are zod's, about `raw`. */
export function schemaMistakes(raw: unknown, issues: readonly Issue[]): ConfigMistake[] {
  const reading = { raw, root: rules() };
  return issues.flatMap((issue) => issueMistakes(reading, issue, []));
}

function issueMistakes(reading: Reading, issue: Issue, base: Path): ConfigMistake[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((name) => unknownKey(reading, path, name));
  }
  // Of several forms, the one that alone has the type of the value is the one that was meant.
  const meant = issue.errors?.filter((branch) => branch.every((inner) => !isOfOtherType(inner))) ?? [];
  if (meant.length === 1) return meant[0]!.flatMap((inner) => issueMistakes(reading, inner, path));
  return [wrongValue(reading, path)];
}

function isOfOtherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function wrongValue({ raw, root }: Reading, path: Path): ConfigMistake {
  const rule = ruleAt(root, path);
  return { path, allowed: allowedBy(rule), fix: fixOf(valueAt(raw, path), path, rule) };
}

/** By the type in the schema; what has no type is a choice of forms. */
const CHANGES: Readonly<Record<string, string>> = {
  integer: 'Choose a whole number in this range',
  number: 'Choose a number in this range',
  array: 'Write it as such a list',
  object: 'Write it in this form',
};

function secretFix(path: Path): string {
  if (path[0] === 'relay') return `${SECRET_FIX} ${RELAY_KEY_FIX}`;
  if (path[0] === 'viewers') return `${SECRET_FIX} ${PLAY_KEY_FIX}`;
  return `${SECRET_FIX} ${path.includes('camera') ? LOGIN_FIX : STREAM_KEY_FIX}`;
}

function fixOf(value: unknown, path: Path, rule: Rule): string {
  const name = path.at(-1) ?? '';
  if (path.some(isSecretName)) {
    const isReference = /^(key|login|playKey)$/.test(String(name)) && typeof value === 'object';
    return isReference ? 'Write one of these.' : secretFix(path);
  }
  if (name === 'masters') return 'Name at least one: "masters": [{ "name": "camera1" }].';
  if (value === undefined) return `Add "${name}".`;
  if (typeof value === 'string') {
    const near = nearest(value, (rule.enum ?? []).map(String));
    if (near !== undefined) return `Did you mean "${near}"?`;
    const { minimum = Number.NaN, maximum = Number.NaN } = rule;
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (number >= minimum && number <= maximum) return `Write ${number}, without quotes.`;
  }
  const change = CHANGES[rule.type ?? ''] ?? 'Choose one of these';
  if (rule.patternErrorMessage !== undefined) return 'Change it to follow this rule.';
  if (rule.default === undefined) return `${change}.`;
  const usual = typeof rule.default === 'object' ? '' : `, ${JSON.stringify(rule.default)}`;
  return `${change}, or leave "${name}" out for the default${usual}.`;
}

function unknownKey({ root }: Reading, parent: Path, name: string): ConfigMistake {
  const known = keysOf(ruleAt(root, parent));
  const near = nearest(name, known);
  const elsewhere = placesOf(root, name);
  let fix = 'Take it out.';
  if (isSecretName(name))
    fix = `${near === undefined ? '' : `Did you mean ${near}? `}${secretFix([...parent, name])}`;
  else if (near !== undefined) fix = `Did you mean ${near}?`;
  else if (elsewhere.length === 1) fix = `Did you mean ${elsewhere[0]}? Move it there.`;
  return { path: [...parent, name], allowed: `the keys ${known.join(', ')}`, fix };
}
