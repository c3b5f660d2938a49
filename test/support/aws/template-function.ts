import { z } from 'zod';
import { resolvedAll, type TemplateValues } from '../../lib/support/template-values.ts';
import type { FunctionOptions } from './lambda-runtime.ts';

const MS = 1_000;

/** What the tests' Lambda heeds of `AWS::Lambda::Function`. */
const functionSchema = z.object({
  Handler: z.string(),
  Timeout: z.number(),
  MemorySize: z.number().default(128),
  Runtime: z.string().startsWith('nodejs'),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
});

/** From the properties of a function in a synthesized template. */
export function templateFunction(
  properties: unknown,
  values: TemplateValues,
): Pick<FunctionOptions, 'handler' | 'timeoutMs' | 'memoryMb' | 'variables'> {
  const { Handler, Timeout, MemorySize, Environment } = functionSchema.parse(resolvedAll(properties, values));
  return {
    handler: Handler,
    timeoutMs: Timeout * MS,
    memoryMb: MemorySize,
    variables: Environment.Variables,
  };
}
