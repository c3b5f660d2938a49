import * as z from 'zod';
import { resolvedAll, type TemplateValues } from '../../lib/support/template-values.ts';
import type { TemplateJson } from './template-alarms.ts';

/** What the tests' EventBridge heeds of `AWS::Events::Rule`. */
const ruleSchema = z.object({
  EventPattern: z.record(z.string(), z.unknown()).nullable().default(null),
  ScheduleExpression: z
    .string()
    .regex(/^rate\(\d+ minutes?\)$/)
    .nullable()
    .default(null),
  State: z.literal('ENABLED'),
  Targets: z.array(
    z.looseObject({
      Arn: z.string(),
      InputPath: z.enum(['$', '$.detail']).default('$'),
      Input: z.never().optional(),
      InputTransformer: z.never().optional(),
    }),
  ),
});

const MINUTE_MS = 60_000;

export interface TemplateRule {
  readonly name: string;
  readonly pattern: object | null;
  readonly periodMs: number | null;
  readonly targets: ReadonlyArray<{ readonly arn: string; readonly payload: (event: object) => unknown }>;
}

/** All rules of a template, which may have a pattern or a schedule. */
export function templateRules({ Resources = {} }: TemplateJson, values: TemplateValues): TemplateRule[] {
  const rules = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Events::Rule');
  return rules.map(([name, { Properties }]) => {
    const { EventPattern, ScheduleExpression, Targets } = ruleSchema.parse(resolvedAll(Properties, values));
    const minutes = ScheduleExpression?.match(/\d+/)?.[0];
    return {
      name,
      pattern: EventPattern,
      periodMs: minutes === undefined ? null : Number(minutes) * MINUTE_MS,
      targets: Targets.map(({ Arn, InputPath }) => ({
        arn: Arn,
        payload: (event) => (InputPath === '$' ? event : Reflect.get(event, 'detail')),
      })),
    };
  });
}
