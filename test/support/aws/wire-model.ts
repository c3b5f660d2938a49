/**
 * AWS JSON, by the schemas that the SDK's clients carry: what comes over the wire becomes what a caller gave the client,
 * and the other way round. Unlike the clients it takes nothing that the schema does not have.
 *
 * Timestamps are seconds since the epoch on the wire, with a fraction:
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
import { NormalizedSchema } from '@smithy/core/schema';

/** In a client's schema of a structure: how many of its members, counted from the first, are required. */
const REQUIRED_MEMBERS = 6;

/** As the client's caller wrote it: timestamps are `Date`. Throws at whatever the schema does not have. */
export function fromWire(schema: NormalizedSchema, value: unknown, path = ''): unknown {
  if (schema.isStructSchema()) return structFromWire(schema, value, path);
  if (schema.isListSchema()) {
    const items = checked(Array.isArray(value), value, path) as unknown[];
    return items.map((item, index) => fromWire(schema.getValueSchema(), item, `${path}[${index}]`));
  }
  if (schema.isMapSchema()) {
    return mapEntries(checked(isObject(value), value, path), (key, own) =>
      fromWire(schema.getValueSchema(), own, `${path}.${key}`),
    );
  }
  if (schema.isTimestampSchema()) {
    return new Date(1_000 * (checked(Number.isFinite(value), value, path) as number));
  }
  if (schema.isStringSchema()) return checked(typeof value === 'string', value, path);
  if (schema.isBooleanSchema()) return checked(typeof value === 'boolean', value, path);
  if (schema.isNumericSchema()) return checked(Number.isFinite(value), value, path);
  throw new Error(`${path || 'the request'}: a kind of value that the test does not know`);
}

/** As the service writes it. Throws where the schema has no such member: an answer that AWS would never give. */
export function toWire(schema: NormalizedSchema, value: unknown, path = ''): unknown {
  if (schema.isStructSchema()) {
    const members = schema.getMemberSchemas();
    return mapEntries(value, (name, own) => {
      const member = members[name];
      if (member === undefined) throw new Error(`the answer has no ${path}.${name}`);
      return toWire(member, own, `${path}.${name}`);
    });
  }
  if (schema.isListSchema()) {
    return (value as unknown[]).map((item) => toWire(schema.getValueSchema(), item, `${path}[]`));
  }
  if (schema.isMapSchema()) {
    return mapEntries(value, (key, own) => toWire(schema.getValueSchema(), own, `${path}.${key}`));
  }
  return value instanceof Date ? value.getTime() / 1_000 : value;
}

function structFromWire(schema: NormalizedSchema, value: unknown, path: string): unknown {
  const given = checked(isObject(value), value, path) as object;
  const members = schema.getMemberSchemas();
  const required = Object.keys(members).slice(0, requiredMembers(schema));
  const absent = required.filter((name) => !(name in given));
  if (absent.length > 0) throw new Error(`${path} lacks ${absent}`);
  return mapEntries(given, (name, own) => {
    const member = members[name];
    if (member === undefined) throw new Error(`${path} has no member ${name}`);
    return fromWire(member, own, `${path}.${name}`);
  });
}

function requiredMembers(schema: NormalizedSchema): number {
  const own = schema.getSchema();
  return Array.isArray(own) ? Number(own[REQUIRED_MEMBERS] ?? 0) : 0;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checked(isRight: boolean, value: unknown, path: string): unknown {
  if (!isRight) throw new Error(`${path || 'the request'} is ${JSON.stringify(value)}`);
  return value;
}

/** Members without a value are not on the wire. */
function mapEntries(value: unknown, change: (key: string, own: unknown) => unknown): object {
  const entries = Object.entries(value as object).filter(([, own]) => own !== undefined && own !== null);
  return Object.fromEntries(entries.map(([key, own]) => [key, change(key, own)]));
}

/** The schemas of an operation's request and answer; null for one that the client does not know. */
export function operationSchemas(
  model: Readonly<Record<string, unknown>>,
  operation: string,
): { input: NormalizedSchema; output: NormalizedSchema } | null {
  const schema = model[`${operation}$`];
  if (!Array.isArray(schema)) return null;
  const [, , , , input, output] = schema;
  return { input: NormalizedSchema.of(input), output: NormalizedSchema.of(output) };
}
