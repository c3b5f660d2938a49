/** Requests and answers as the installed SDK's own model of a service has them: nothing about their shape is written here. */
import { NormalizedSchema } from '@smithy/core/schema';

/** A schema of the SDK, as its clients export them: `ListChannelsRequest$`. */
export type ModelSchema = unknown;

/** What is wrong with a value, as `Creates.ScheduleActions.0.ActionName: not a string`; empty where it fits the model. */
export function shapeProblems(schema: ModelSchema, value: unknown): string[] {
  const problems: string[] = [];
  translate(NormalizedSchema.of(schema as never), value, {
    path: '',
    problem: (text) => problems.push(text),
    names: (member) => member,
    renamed: (member) => member,
  });
  return problems;
}

/** The members of a JSON body under the names that the SDK's callers use. Throws where it does not fit the model. */
export function fromWire(schema: ModelSchema, body: unknown): Record<string, unknown> {
  return translate(NormalizedSchema.of(schema as never), body, {
    path: '',
    problem: (text) => {
      throw new Error(text);
    },
    names: jsonName,
    renamed: (member) => member,
  }) as Record<string, unknown>;
}

/** The other way: an answer as it goes over the wire. Throws where it does not fit the model. */
export function toWire(schema: ModelSchema, value: unknown): unknown {
  return translate(NormalizedSchema.of(schema as never), value, {
    path: '',
    problem: (text) => {
      throw new Error(text);
    },
    names: (member) => member,
    renamed: jsonName,
  });
}

interface Translation {
  readonly path: string;
  readonly problem: (text: string) => void;
  /** The name that a member has in the value. */
  readonly names: (member: string, schema: NormalizedSchema) => string;
  /** And in the result. */
  readonly renamed: (member: string, schema: NormalizedSchema) => string;
}

function translate(schema: NormalizedSchema, value: unknown, how: Translation): unknown {
  const inside = (step: string | number): Translation => ({
    ...how,
    path: how.path === '' ? String(step) : `${how.path}.${step}`,
  });
  const wrong = (what: string): undefined => {
    how.problem(`${how.path}: ${what}`);
  };
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) return wrong('not a list');
    return value.map((item, index) => translate(schema.getValueSchema(), item, inside(index)));
  }
  if (schema.isMapSchema() || schema.isStructSchema()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('not an object');
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    if (schema.isMapSchema()) {
      return Object.fromEntries(
        entries.map(([key, inner]) => [key, translate(schema.getValueSchema(), inner, inside(key))]),
      );
    }
    const members = new Map(
      Object.entries(schema.getMemberSchemas()).map(([member, inner]) => [
        how.names(member, inner),
        { member, inner },
      ]),
    );
    return Object.fromEntries(
      entries.flatMap(([key, given]) => {
        const known = members.get(key);
        if (known === undefined) {
          inside(key).problem(`${inside(key).path}: not in the model`);
          return [];
        }
        const { member, inner } = known;
        return [[how.renamed(member, inner), translate(inner, given, inside(key))]];
      }),
    );
  }
  if (schema.isStringSchema() && typeof value !== 'string') return wrong('not a string');
  if (schema.isNumericSchema() && typeof value !== 'number') return wrong('not a number');
  if (schema.isBooleanSchema() && typeof value !== 'boolean') return wrong('not true or false');
  return value;
}

function jsonName(member: string, schema: NormalizedSchema): string {
  const { jsonName: name } = schema.getMergedTraits() as { jsonName?: string };
  return name ?? member;
}
