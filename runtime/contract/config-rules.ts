/** The schema of config.ts as rules to look up by path and to put into words. */
import { configJsonSchema } from './config.ts';
import { keyText, type Path } from './config-path.ts';
import { listed } from './wording.ts';

/** The part of JSON Schema that zod makes of config.ts. */
export interface Rule {
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

/** The rule for the whole file. */
export function rules(): Rule {
  return configJsonSchema() as Rule;
}

export function ruleAt(root: Rule, path: Path): Rule {
  return path.reduce<Rule>(
    (rule, step) => (typeof step === 'number' ? rule.items : propertiesOf(rule)[step]) ?? {},
    root,
  );
}

export function keysOf(rule: Rule): string[] {
  return Object.keys(propertiesOf(rule));
}

/** Where in the sections of the file a key of this name belongs. */
export function placesOf(rule: Rule, name: string, path: Path = []): string[] {
  return Object.entries(propertiesOf(rule)).flatMap(([own, inner]) => [
    ...(own === name ? [keyText([...path, own])] : []),
    ...placesOf(inner, name, [...path, own]),
  ]);
}

/** What a rule allows, in words. */
export function allowedBy(rule: Rule): string {
  if (rule.anyOf !== undefined) return listed(rule.anyOf.map(allowedBy));
  if (rule.enum !== undefined) return listed(rule.enum.map((value) => JSON.stringify(value)));
  if (rule.const !== undefined) return JSON.stringify(rule.const);
  if (rule.type === 'integer') return `a whole number from ${rule.minimum} to ${rule.maximum}`;
  if (rule.type === 'number') return `a number from ${rule.minimum} to ${rule.maximum}`;
  if (rule.type === 'boolean') return 'true or false';
  if (rule.type === 'array') {
    return `a list of ${rule.minItems ?? 0} to ${rule.maxItems}, each ${allowedBy(rule.items ?? {})}`;
  }
  if (rule.type === 'object') return `{ ${keysOf(rule).map(placeholder).join(', ')} }`;
  return rule.patternErrorMessage ?? 'text that is not empty';
}

function placeholder(name: string): string {
  return `"${name}": …`;
}

function propertiesOf(rule: Rule): Readonly<Record<string, Rule>> {
  return Object.assign({}, rule.properties, ...(rule.anyOf ?? []).map(propertiesOf));
}
