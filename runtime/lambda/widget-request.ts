/** What the dashboard calls the widget's function with: nothing, to be shown the table, or what a button stands for. */
import * as z from 'zod';
import type { Topology } from '../contract/topology.ts';

const program = z.string().max(100);
const context = z.object({ dashboardName: z.string().max(255).catch('a dashboard') }).catch({
  dashboardName: 'a dashboard',
});

const requestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('show') }),
  z.object({ do: z.literal('switch'), program, source: z.string().min(1).max(100) }),
  z.object({ do: z.literal('release'), program }),
  z.object({ do: z.literal('drill'), program }),
]);

export type WidgetRequest = z.output<typeof requestSchema>;

/** The parameters of a button. */
export type WidgetButton = Exclude<WidgetRequest, { do: 'show' }>;

export type ReadRequest =
  | { readonly kind: 'describe' }
  | { readonly kind: 'request'; readonly request: WidgetRequest; readonly dashboard: string }
  | { readonly kind: 'mistake'; readonly text: string };

/** Reads what the console sends. Programs and sources that the deployment does not have are mistakes. */
export function readRequest(event: unknown, topology: Topology): ReadRequest {
  if (typeof event !== 'object' || event === null) return { kind: 'mistake', text: 'the event is no object' };
  if ('describe' in event && event.describe === true) return { kind: 'describe' };
  const given = 'do' in event ? event : { do: 'show' };
  const parsed = requestSchema.safeParse(given);
  if (!parsed.success) return { kind: 'mistake', text: 'the event is none of this widget’s buttons' };
  const request = parsed.data;
  const mistake = request.do === 'show' ? null : mistakeOf(request, topology);
  if (mistake !== null) return { kind: 'mistake', text: mistake };
  const { dashboardName } = context.parse('widgetContext' in event ? event.widgetContext : {});
  return { kind: 'request', request, dashboard: dashboardName };
}

function mistakeOf(button: WidgetButton, { programs }: Topology): string | null {
  const own = programs.find(({ name }) => name === button.program);
  if (own === undefined) return `there is no program ${button.program}`;
  if (button.do !== 'switch' || own.candidates.includes(button.source)) return null;
  return `${button.program} has no such candidate; it has ${own.candidates.join(', ')}`;
}
