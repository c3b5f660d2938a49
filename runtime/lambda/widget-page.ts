/**
 * The widget as HTML. The console lets no script through: a button is an element with a `cwdb-action` behind it, whose JSON
 * the console gives to the function. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_interactivity.html
 */
import { formatElapsed } from '../contract/wording.ts';
import { type Html, html } from './html.ts';
import type { WidgetButton } from './widget-request.ts';
import type { WidgetRow } from './widget-rows.ts';

export interface WidgetPage {
  /** The ARN of the function, for its buttons. */
  readonly endpoint: string;
  readonly rows: readonly WidgetRow[];
  /** Hosts that did not answer, with why. */
  readonly silent: ReadonlyArray<{ readonly host: string; readonly why: string }>;
  /** What became of a button. */
  readonly messages: readonly string[];
  /** ms since the epoch. */
  readonly now: number;
}

/** Red is for what needs a hand. */
const COLOURS = { first: 'inherit', other: '#b35c00', trouble: '#d13212' } as const;

export function widgetPage(page: WidgetPage): string {
  const { rows, silent, messages } = page;
  return html`
${messages.map((text) => html`<p><b>${text}</b></p>`)}
<table>
<tr><th>Program</th><th>On air</th><th>Candidates</th><th>Viewers</th><th>Last switch</th><th>Do</th></tr>
${rows.map((row) => tableRow(row, page))}
</table>
${silent.map(({ host, why }) => html`<p style="color:${COLOURS.trouble}">${host} does not answer: ${why}</p>`)}
`.text;
}

function tableRow(row: WidgetRow, page: WidgetPage): Html {
  const { program, viewers, notes, state } = row;
  return html`<tr>
<td><b>live/${program}</b></td>
<td style="color:${COLOURS[state]}">${onAir(row)}${notes.map((note) => html`<br><small>${note}</small>`)}</td>
<td>${row.candidates.map(({ name, health }) => html`${name}: ${health}<br>`)}</td>
<td>${viewers}</td>
<td>${lastSwitch(row, page.now)}</td>
<td>${buttons(row, page)}</td>
</tr>`;
}

function onAir({ onAir: sources }: WidgetRow): Html {
  if (sources.length === 0) return html`no host answers`;
  if (sources.length === 1) return html`${sources[0]?.source ?? ''}`;
  return html`${sources.map(({ source, hosts }) => html`${source} on ${hosts.join(', ')}<br>`)}`;
}

function lastSwitch({ lastSwitch: last }: WidgetRow, now: number): Html {
  if (last === null) return html`none`;
  const hole = last.holeMs === null ? '' : `, ${Math.round(last.holeMs)} ms missing`;
  return html`${formatElapsed(now - last.at)} ago to ${last.to ?? 'nothing'} (${last.cause}${hole})`;
}

function buttons({ program, candidates }: WidgetRow, page: WidgetPage): Html {
  const spares = candidates.filter(({ name }) => name.startsWith('backup/'));
  return html`${spares.map(({ name, health }) =>
    button(page, {
      label: spares.length === 1 ? 'To backup' : `To ${name}`,
      confirmation: `Put ${name} (${health}) on live/${program} for an hour, on all hosts?`,
      does: { do: 'switch', program, source: name },
    }),
  )}${button(page, {
    label: 'Back',
    confirmation: `End pins and drills of live/${program}, on all hosts?`,
    does: { do: 'release', program },
  })}${button(page, {
    label: 'Drill',
    confirmation: `Play the loss of what is on air on live/${program} for 10 s, on all hosts? Viewers go to the next candidate and back.`,
    does: { do: 'drill', program },
  })}`;
}

interface Button {
  readonly label: string;
  readonly confirmation: string;
  readonly does: WidgetButton;
}

function button({ endpoint }: WidgetPage, { label, confirmation, does }: Button): Html {
  return html`<a class="btn">${label}</a><cwdb-action action="call" display="widget" endpoint="${endpoint}" confirmation="${confirmation}">${JSON.stringify(does)}</cwdb-action> `;
}
