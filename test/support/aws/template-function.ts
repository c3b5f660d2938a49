import * as z from 'zod';
import { resolvedAll, type TemplateValues } from '../../lib/support/template-values.ts';
import type { FunctionOptions } from './lambda-runtime.ts';

const MS = 1_000;
/** Far fewer than the account's 1,000, and more than any test needs. */
const UNRESERVED = 8;

/** What the tests' Lambda heeds of `AWS::Lambda::Function`. */
const functionSchema = z.object({
  Handler: z.string(),
  Timeout: z.number(),
  MemorySize: z.number().default(128),
  Runtime: z.string().startsWith('nodejs'),
  ReservedConcurrentExecutions: z.number().default(UNRESERVED),
  DeadLetterConfig: z.object({ TargetArn: z.string() }).optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
});

/** From the properties of a function in a synthesized template. */
export function templateFunction(
  properties: unknown,
  values: TemplateValues,
): Pick<FunctionOptions, 'handler' | 'timeoutMs' | 'memoryMb' | 'variables' | 'concurrency' | 'queue'> {
  const own = functionSchema.parse(resolvedAll(properties, values));
  const { Handler, Timeout, MemorySize, Environment, DeadLetterConfig, ReservedConcurrentExecutions } = own;
  return {
    handler: Handler,
    timeoutMs: Timeout * MS,
    memoryMb: MemorySize,
    variables: Environment.Variables,
    concurrency: ReservedConcurrentExecutions,
    queue: DeadLetterConfig?.TargetArn.split(':').at(-1) ?? null,
  };
}
