/** Reads a configuration, or says all that is wrong with it at once: key, value, what is allowed and the fix. */
import { type Config, configJsonSchema, configSchema, KEYS_FILE, NAME_PATTERN } from './config.ts';

const HIDDEN = '(hidden)';
const CUT = '…';
const PRINTED_LENGTH = 60;
const SHOWN_DEPTH = 4;
const LONGEST_MISTAKE = 8;
/** A listener on port 0 gets any free port, so two of them do not meet. */
const ANY_PORT = 0;
const SECRET_FIX = `Secrets do not belong in this file: write "key": {"env": "CAMERA1_KEY"} or {"file": "camera1.key"}, or leave the key out and one is generated in ${KEYS_FILE}.`;

export interface ConfigProblem {
  /** Where it stands: `failover.failback`, `masters[1].name`. */
  readonly key: string;
  /** What stands there; shortened when printed, and never what may be a secret. */
  readonly value: unknown;
  readonly allowed: string;
  readonly fix: string;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: ConfigProblem[] };

/** `raw` is what JSON.parse made of the file. Reads no file and no environment. */
export function parseConfig(raw: unknown): ParsedConfig {
  const result = configSchema.safeParse(raw);
  const found = new Map<string, ConfigProblem>();
  if (!result.success) {
    for (const problem of schemaProblems(raw, result.error.issues)) {
      if (!found.has(problem.key)) found.set(problem.key, problem);
    }
  }
  // Zod runs no refinement on what has another problem, so what one key demands of another is a pass of its own.
  for (const problem of crossProblems(raw, new Set(found.keys()))) found.set(problem.key, problem);
  if (result.success && found.size === 0) return { ok: true, config: result.data };
  return { ok: false, problems: [...found.values()] };
}

// ---- What the schema says --------------------------------------------------------------------------------------

type Path = readonly (string | number)[];

/** The part of JSON Schema that zod makes of config.ts. */
interface Rule {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Rule[];
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly items?: Rule;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly patternErrorMessage?: string;
}

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

function schemaProblems(raw: unknown, issues: readonly Issue[]): ConfigProblem[] {
  const reading = { raw, root: rules() };
  return issues.flatMap((issue) => issueProblems(reading, issue, []));
}

function rules(): Rule {
  return configJsonSchema() as Rule;
}

function issueProblems(reading: Reading, issue: Issue, base: Path): ConfigProblem[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((name) => unknownKey(reading, path, name));
  }
  // Of several forms, the one that alone has the type of the value is the one that was meant.
  const meant = issue.errors?.filter((branch) => branch.every((inner) => !isOfOtherType(inner))) ?? [];
  if (meant.length === 1) return meant[0]!.flatMap((inner) => issueProblems(reading, inner, path));
  return [wrongValue(reading, path)];
}

function isOfOtherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function wrongValue({ raw, root }: Reading, path: Path): ConfigProblem {
  const rule = ruleAt(root, path);
  const value = valueAt(raw, path);
  return {
    key: keyText(path),
    value: shown(value, path),
    allowed: allowedBy(rule),
    fix: fixOf(value, path, rule),
  };
}

/** By the type in the schema; what has no type is a choice of forms. */
const CHANGES: Readonly<Record<string, string>> = {
  integer: 'Choose a whole number in this range',
  number: 'Choose a number in this range',
  array: 'Write it as such a list',
  object: 'Write it in this form',
};

function fixOf(value: unknown, path: Path, rule: Rule): string {
  const name = path.at(-1) ?? '';
  if (path.some(isSecretName)) {
    return name === 'key' && typeof value === 'object' ? 'Write one of the two.' : SECRET_FIX;
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

function unknownKey({ raw, root }: Reading, parent: Path, name: string): ConfigProblem {
  const path = [...parent, name];
  const known = keysOf(ruleAt(root, parent));
  const near = nearest(name, known);
  const elsewhere = placesOf(root, name);
  let fix = 'Take it out.';
  if (isSecretName(name)) fix = `${near === undefined ? '' : `Did you mean ${near}? `}${SECRET_FIX}`;
  else if (near !== undefined) fix = `Did you mean ${near}?`;
  else if (elsewhere.length === 1) fix = `Did you mean ${elsewhere[0]}? Move it there.`;
  return {
    key: keyText(path),
    value: shown(valueAt(raw, path), path),
    allowed: `the keys ${known.join(', ')}`,
    fix,
  };
}

function allowedBy(rule: Rule): string {
  if (rule.anyOf !== undefined) return listed(rule.anyOf.map(allowedBy));
  if (rule.enum !== undefined) return listed(rule.enum.map((value) => JSON.stringify(value)));
  if (rule.const !== undefined) return JSON.stringify(rule.const);
  if (rule.type === 'integer') return `a whole number from ${rule.minimum} to ${rule.maximum}`;
  if (rule.type === 'number') return `a number from ${rule.minimum} to ${rule.maximum}`;
  if (rule.type === 'array') {
    return `a list of ${rule.minItems ?? 0} to ${rule.maxItems}, each ${allowedBy(rule.items ?? {})}`;
  }
  if (rule.type === 'object') return `{ ${keysOf(rule).map(placeholder).join(', ')} }`;
  return rule.patternErrorMessage ?? 'text that is not empty';
}

function placeholder(name: string): string {
  return `"${name}": …`;
}

function ruleAt(root: Rule, path: Path): Rule {
  return path.reduce<Rule>(
    (rule, step) => (typeof step === 'number' ? rule.items : propertiesOf(rule)[step]) ?? {},
    root,
  );
}

function propertiesOf(rule: Rule): Readonly<Record<string, Rule>> {
  return Object.assign({}, rule.properties, ...(rule.anyOf ?? []).map(propertiesOf));
}

function keysOf(rule: Rule): string[] {
  return Object.keys(propertiesOf(rule));
}

/** Where in the sections of the file a key of this name belongs. */
function placesOf(rule: Rule, name: string, path: Path = []): string[] {
  return Object.entries(propertiesOf(rule)).flatMap(([own, inner]) => [
    ...(own === name ? [keyText([...path, own])] : []),
    ...placesOf(inner, name, [...path, own]),
  ]);
}

// ---- What one key demands of another ---------------------------------------------------------------------------

/** One tolerant pass over the raw file: what has the wrong type is left to the schema. */
interface Pass {
  readonly raw: unknown;
  /** The keys that the schema found wrong: comparing them too would only report them twice. */
  readonly bad: ReadonlySet<string>;
  readonly report: (path: Path, allowed: string, fix: string) => void;
}

function crossProblems(raw: unknown, bad: ReadonlySet<string>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report: Pass['report'] = (path, allowed, fix) => {
    problems.push({ key: keyText(path), value: shown(valueAt(raw, path), path), allowed, fix });
  };
  const pass = { raw, bad, report };
  checkNames(pass);
  checkKeys(pass);
  checkPrograms(pass);
  checkPorts(pass);
  checkDurations(pass);
  return problems;
}

function checkNames(pass: Pass): void {
  for (const list of ['masters', 'backups', 'programs']) {
    const names = pathsIn(pass.raw, [list]).map((item) => [...item, 'name']);
    for (const [path, first] of repeats(names, (name) => textAt(pass, name))) {
      const allowed = `a name of its own among the ${list}`;
      pass.report(path, allowed, `Rename it: ${keyText(first)} is the same.`);
    }
  }
}

function checkKeys(pass: Pass): void {
  const inputs = [...pathsIn(pass.raw, ['masters']), ...pathsIn(pass.raw, ['backups'])];
  for (const holder of ['env', 'file']) {
    const keys = inputs.map((input) => [...input, 'key', holder]);
    for (const [path, first] of repeats(keys, (key) => textAt(pass, key))) {
      const fix = `Give each input a stream key of its own: ${keyText(first)} names the same one.`;
      pass.report(path, "what no other input's key names", fix);
    }
  }
}

function checkPrograms(pass: Pass): void {
  const inputs = [
    ...inputNames(pass.raw, 'masters', 'master/'),
    ...inputNames(pass.raw, 'backups', 'backup/'),
  ];
  const hasSlate = valueAt(pass.raw, ['slate']) !== false;
  const known = [...new Set(hasSlate ? [...inputs, 'slate'] : inputs)];
  const allowed = listed(known) || 'a configured input';
  for (const program of pathsIn(pass.raw, ['programs'])) {
    const list = [...program, 'candidates'];
    const candidates = pathsIn(pass.raw, list);
    for (const path of candidates) {
      const candidate = valueAt(pass.raw, path);
      if (typeof candidate !== 'string' || known.includes(candidate)) continue;
      // Without any input to compare with, the problem is there and not here.
      if (inputs.length === 0 && candidate !== 'slate') continue;
      const near = known.find((name) => name.endsWith(`/${candidate}`)) ?? nearest(candidate, known);
      let fix = 'Name a configured input, or configure this one.';
      if (candidate === 'slate') fix = 'Take it out of the list, or take "slate": false out of the file.';
      else if (near !== undefined) fix = `Did you mean "${near}"?`;
      pass.report(path, allowed, fix);
    }
    for (const [path, first] of repeats(candidates, (candidate) => textAt(pass, candidate))) {
      pass.report(path, 'each candidate once', `Take it out: ${keyText(first)} is the same.`);
    }
    if (candidates.length > 0 && candidates.every((path) => valueAt(pass.raw, path) === 'slate')) {
      pass.report(list, 'at least one master or backup', 'Add an input: the slate alone never goes live.');
    }
  }
}

function checkPorts(pass: Pass): void {
  const ports = ['rtmp', 'http', 'control'].map((listener) => [listener, 'port']);
  const fixed = ports.filter((path) => numberAt(pass, path) !== ANY_PORT);
  for (const [path, first] of repeats(fixed, (port) => numberAt(pass, port))) {
    const [blamed, other] = isGiven(pass, path) ? [path, first] : [first, path];
    const by = `${keyText(other)} is ${numberAt(pass, other)}${isGiven(pass, other) ? '' : ' by default'}`;
    pass.report(
      blamed,
      'a port that no other listener has, or 0 for any free one',
      `Choose another port: ${by}.`,
    );
  }
}

function checkDurations(pass: Pass): void {
  const longest = ['failover', 'flap', 'maxHoldMs'];
  for (const owner of [['failover'], ...pathsIn(pass.raw, ['programs'])]) {
    checkOrder(pass, {
      low: [...owner, 'failbackHoldMs'],
      high: longest,
      fits: (hold, most) => hold <= most,
    });
  }
  const recent = ['warmBuffer', 'limitMs'];
  const timeout = ['failover', 'stallTimeoutMs'];
  checkOrder(pass, { low: timeout, high: recent, fits: (stall, kept) => stall < kept });
}

interface Order {
  readonly low: Path;
  readonly high: Path;
  readonly fits: (low: number, high: number) => boolean;
}

/** Blames the key that was written, not one that has its default. */
function checkOrder(pass: Pass, { low, high, fits }: Order): void {
  const [least, most] = [numberAt(pass, low), numberAt(pass, high)];
  if (least === undefined || most === undefined || fits(least, most)) return;
  const [path, side, other, bound] = isGiven(pass, low)
    ? [low, 'less', high, most]
    : [high, 'more', low, least];
  const fix = `Make it ${side === 'less' ? 'smaller' : 'greater'}, or change ${keyText(other)}.`;
  const reach = fits(bound, bound) ? `${bound} or ${side}` : `${side} than ${bound}`;
  pass.report(path, `${reach}, because of ${keyText(other)}`, fix);
}

/** Each path whose value an earlier one has too, with that earlier one. */
function repeats(paths: readonly Path[], read: (path: Path) => unknown): [path: Path, first: Path][] {
  const firsts = new Map<unknown, Path>();
  return paths.flatMap((path): [Path, Path][] => {
    const value = read(path);
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, path);
    return value === undefined || first === undefined ? [] : [[path, first]];
  });
}

/** The paths of a list's items; none where there is no list. */
function pathsIn(raw: unknown, list: Path): Path[] {
  const items = valueAt(raw, list);
  return Array.isArray(items) ? [...items.keys()].map((index) => [...list, index]) : [];
}

function inputNames(raw: unknown, list: string, prefix: string): string[] {
  const names = pathsIn(raw, [list]).map((item) => valueAt(raw, [...item, 'name']));
  return names.flatMap((name) =>
    typeof name === 'string' && NAME_PATTERN.test(name) ? [prefix + name] : [],
  );
}

function isGiven(pass: Pass, path: Path): boolean {
  return valueAt(pass.raw, path) !== undefined;
}

function textAt(pass: Pass, path: Path): string | undefined {
  const value = valueAt(pass.raw, path);
  return typeof value === 'string' && !pass.bad.has(keyText(path)) ? value : undefined;
}

/** A number as given, or else its default; nothing where the schema has a problem with it. */
function numberAt(pass: Pass, path: Path): number | undefined {
  const value = valueAt(pass.raw, path) ?? ruleAt(rules(), path).default;
  return typeof value === 'number' && !pass.bad.has(keyText(path)) ? value : undefined;
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    raw,
  );
}

// ---- Secrets ---------------------------------------------------------------------------------------------------

const SECRET_NAME = /key|secret|passw|passphrase|pwd|token|credential|auth/i;
const SECRET_IN_TEXT = /((?:key|secret|passw|passphrase|pwd|token|credential|auth)[\w-]*[=:])[^&\s]+/gi;
const PASSWORD_IN_URL = /\/\/[^/\s]*@/g;

/** `kye` holds what was meant for `key`. */
function isSecretName(step: string | number): boolean {
  return typeof step === 'string' && (SECRET_NAME.test(step) || distance(step.toLowerCase(), 'key') <= 1);
}

/** A value as far as it may be shown. */
function shown(value: unknown, path: Path): unknown {
  if (value === undefined) return undefined;
  // A file that is nothing but a text or a number may well be a key file, named by mistake.
  const isBare = path.length === 0 && typeof value !== 'object';
  return isBare || path.some(isSecretName) ? HIDDEN : withoutSecrets(value, 0);
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return textWithoutSecrets(value);
  if (typeof value === 'object' && value !== null) {
    if (depth === SHOWN_DEPTH) return CUT;
    if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
    const entries = Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) ? HIDDEN : withoutSecrets(inner, depth + 1),
    ]);
    return Object.fromEntries(entries);
  }
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : typeof value;
}

/** `rtmp://host/live/camera1?key=…`, pasted where only a name belongs. */
function textWithoutSecrets(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${HIDDEN}`).replace(PASSWORD_IN_URL, `//${HIDDEN}@`);
}

// ---- Text ------------------------------------------------------------------------------------------------------

/** One block a problem, for people. */
export function formatProblems(problems: readonly ConfigProblem[], fileName: string): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const blocks = problems.map(({ key, value, allowed, fix }) =>
    [key, `  given    ${printed(value)}`, `  allowed  ${allowed}`, `  fix      ${fix}`].join('\n'),
  );
  return [`${fileName} has ${count}.`, ...blocks].join('\n\n');
}

function printed(value: unknown): string {
  if (value === undefined) return '(nothing)';
  return value === HIDDEN ? HIDDEN : shortened(JSON.stringify(value), PRINTED_LENGTH);
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}${CUT}` : text;
}

function keyText(path: Path): string {
  const text = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[\w$]{1,64}$/.test(step)
      ? `.${step}`
      : `[${JSON.stringify(shortened(textWithoutSecrets(step), PRINTED_LENGTH))}]`;
  });
  return text.join('').replace(/^\./, '') || '(the file)';
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}

/** The known word that a mistyped one most likely stands for: a third of its letters may be wrong. */
function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    const steps = distance(word.toLowerCase(), name.toLowerCase());
    if (steps < least) [best, least] = [name, steps];
  }
  return best;
}

/**
 * How many letters to add, drop, change or swap with their neighbour (optimal string alignment).
 * Row i, column j is the distance of the first i letters of `a` from the first j of `b`: one step more than the
 * cheapest neighbour above, left or diagonal (free where the letters agree), or two back where two are swapped.
 */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > LONGEST_MISTAKE) return Number.POSITIVE_INFINITY;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + change, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

// ---- JSON that does not parse ----------------------------------------------------------------------------------

/**
 * Where and why JSON.parse refused `text`. The engine's own message is not passed on: Node's quotes the text around the
 * mistake, which may be a key, and where it does so it gives no position.
 */
export function jsonSyntaxProblem(text: string, error: unknown): ConfigProblem {
  const mistake = findMistake(text);
  const given = /position (\d+)/.exec(String(error));
  const offset = mistake?.offset ?? Math.min(Number(given?.[1] ?? text.length), text.length);
  const before = text.slice(0, offset).split('\n');
  const value = offset === text.length ? undefined : text[offset]!;
  return {
    key: `line ${before.length}, column ${before.at(-1)!.length + 1}`,
    value: value !== undefined && /\w/.test(value) ? HIDDEN : value,
    allowed: mistake === undefined ? 'JSON' : listed(mistake.expected),
    fix:
      mistake === undefined
        ? 'Take this character out.'
        : syntaxFix(value, text.slice(0, offset).trimEnd().at(-1), mistake),
  };
}

const VALUE = 'a value';
const NAME = 'a key in double quotes';
const COLON = 'a colon';
const COMMA = 'a comma';
const NOTHING = 'nothing more';

interface Mistake {
  readonly offset: number;
  readonly expected: readonly string[];
}

function syntaxFix(value: string | undefined, previous: string | undefined, { expected }: Mistake): string {
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

/** Reads token by token; `open` holds the brackets to close, `expected` what may come next. */
function findMistake(text: string): Mistake | undefined {
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
