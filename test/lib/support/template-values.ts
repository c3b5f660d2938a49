/** What CloudFormation makes of the functions in a template, with values for its references that a test chooses. */

export type TemplateValues = Readonly<Record<string, string>>;

/** Resolves a value to text. References are looked up as `Name` or `Name.Attribute`, imports by the name of the export; throws at one that has no value. */
export function resolved(value: unknown, values: TemplateValues): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const [[name, argument] = ['', undefined], ...others] = Object.entries(Object(value) as object);
  if (others.length > 0) throw new Error(`not a function: ${JSON.stringify(value)}`);
  switch (name) {
    case 'Fn::Base64':
      return resolved(argument, values);
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => resolved(part, values)).join(separator);
    }
    case 'Fn::Sub':
      return (argument as string).replaceAll(/\$\{([^}]+)\}/g, (_, key: string) => lookUp(key, values));
    case 'Fn::GetAtt':
      return lookUp((argument as string[]).join('.'), values);
    case 'Fn::GetStackOutput':
      return lookUp((argument as { readonly OutputName: string }).OutputName, values);
    case 'Ref':
    case 'Fn::ImportValue':
      return lookUp(argument as string, values);
    default:
      throw new Error(`cannot resolve ${JSON.stringify(value)}`);
  }
}

/** Resolves the functions within a value, and leaves the rest as it is. */
export function resolvedAll(value: unknown, values: TemplateValues): unknown {
  if (Array.isArray(value)) return value.map((item) => resolvedAll(item, values));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && /^(Ref|Fn::)/.test(first[0]))
    return resolved(value, values);
  return Object.fromEntries(entries.map(([key, own]) => [key, resolvedAll(own, values)]));
}

function lookUp(key: string, values: TemplateValues): string {
  const found = values[key];
  if (found === undefined) throw new Error(`the test gives no value for ${key}`);
  return found;
}
