/**
 * A command document as the synthesized template has it, and what Systems Manager makes of it.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 */
import * as z from 'zod';
import { resolvedAll, type TemplateValues } from '../../lib/support/template-values.ts';
import { AwsError } from './aws-error.ts';

const DEFAULT_EXECUTION_TIMEOUT_SECONDS = 3_600;

const parameterSchema = z.strictObject({
  type: z.literal('String'),
  description: z.string().optional(),
  default: z.string().optional(),
  allowedPattern: z.string().optional(),
  allowedValues: z.array(z.string()).optional(),
  minChars: z.number().optional(),
  maxChars: z.number().optional(),
});

const stepSchema = z.strictObject({
  action: z.literal('aws:runShellScript'),
  name: z.string(),
  precondition: z
    .strictObject({ StringEquals: z.tuple([z.literal('platformType'), z.literal('Linux')]) })
    .optional(),
  inputs: z.strictObject({
    runCommand: z.array(z.string()),
    timeoutSeconds: z.coerce.number().default(DEFAULT_EXECUTION_TIMEOUT_SECONDS),
  }),
});

/** What the tests do not know is refused: they would prove nothing of it. */
const documentSchema = z.strictObject({
  schemaVersion: z.literal('2.2'),
  description: z.string().optional(),
  parameters: z.record(z.string(), parameterSchema).default({}),
  mainSteps: z.tuple([stepSchema]),
});

type Parameter = z.output<typeof parameterSchema>;

export type CommandDocument = z.output<typeof documentSchema>;
/** By parameter. */
export type ParameterValues = Readonly<Record<string, string>>;

const REFERENCE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/**
 * From `Content` of `AWS::SSM::Document`, an object or JSON. Throws, as the document cannot be made, where a command
 * refers to no parameter, or a default is one that is not allowed.
 */
export function commandDocument(content: unknown, values: TemplateValues = {}): CommandDocument {
  const whole = resolvedAll(content, values);
  const document = documentSchema.parse(typeof whole === 'string' ? JSON.parse(whole) : whole);
  for (const [, name = ''] of document.mainSteps[0].inputs.runCommand.join('\n').matchAll(REFERENCE)) {
    if (!(name in document.parameters)) throw new Error(`a command refers to ${name}`);
  }
  for (const [name, own] of Object.entries(document.parameters)) {
    if (own.default !== undefined) checkValue(name, own, own.default);
  }
  return document;
}

/** What a command is called with, and the defaults of the others. Throws `InvalidParameters`. */
export function checkParameters(
  { parameters }: CommandDocument,
  given: Readonly<Record<string, readonly string[]>>,
): ParameterValues {
  const unknown = Object.keys(given).filter((name) => !(name in parameters));
  if (unknown.length > 0) throw invalid(`the document has no parameter ${unknown}`);
  const values = Object.entries(parameters).map(([name, own]) => {
    const [value = own.default, ...more] = given[name] ?? [];
    if (value === undefined || more.length > 0)
      throw invalid(`${name} has ${more.length === 0 ? 'no' : 'several'} values`);
    checkValue(name, own, value);
    return [name, value];
  });
  return Object.fromEntries(values);
}

/**
 * The text that the agent runs. Values become part of it as they are: nothing is quoted.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html#aws-runShellScript
 */
export function scriptOf({ mainSteps: [step] }: CommandDocument, values: ParameterValues): string {
  return step.inputs.runCommand.join('\n').replaceAll(REFERENCE, (_, name: string) => values[name] ?? '');
}

/** Nothing says that a pattern must match the whole of a value: one without anchors lets anything through around it. */
function checkValue(name: string, own: Parameter, value: string): void {
  const { allowedPattern, allowedValues, minChars = 0, maxChars = Number.POSITIVE_INFINITY } = own;
  const isAllowed =
    (allowedPattern === undefined || new RegExp(allowedPattern).test(value)) &&
    (allowedValues?.includes(value) ?? true) &&
    value.length >= minChars &&
    value.length <= maxChars;
  if (!isAllowed) throw invalid(`${name} must not be ${JSON.stringify(value)}`);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameters', message);
}
