/**
 * What can be told to a host through Systems Manager: the parameters of the deployment's document, their patterns, and the
 * values that a command gives them. The stack makes the document from here, the control function calls it from here.
 *
 * Systems Manager puts parameters into the text of the shell script, and checks patterns before: no pattern lets a quote, a
 * backslash, a dollar sign, a backtick or a line end through.
 */

/** What a person or a function wants of a program on a host, or of a host. */
export type HostCommand =
  | { readonly action: 'status' }
  | ({
      readonly action: 'switch';
      readonly program: string;
      readonly source: string;
      /** The pin ends then, ms since the epoch. */
      readonly until: number;
    } & Order)
  | ({ readonly action: 'release'; readonly program: string } & Order)
  | ({
      readonly action: 'drill';
      readonly program: string;
      readonly kind: 'unpublish' | 'stall';
      readonly durationMs: number;
    } & Order);

export interface Order {
  readonly by: string;
  readonly reason: string;
  /** Of two commands for one program by the same kind of asker, the one with the higher number stands, whichever comes last. */
  readonly sequence: number;
  /** A host that gets it later does nothing, ms since the epoch. */
  readonly notAfter: number;
  /** Given by the control function for an alarm: it yields to a person's pin and to a drill. */
  readonly automatic: boolean;
}

export interface DocumentParameter {
  readonly description: string;
  /** A whole match, without anchors. */
  readonly pattern: string;
  /** Where a command has no such thing. */
  readonly default: string;
}

const NAME = '[a-z0-9][a-z0-9_-]{0,63}';
const NUMBER = '[0-9]{1,16}';
const WORDS = '[A-Za-z0-9 ._:@/+=,;()-]';

export const DOCUMENT_PARAMETERS = {
  action: { description: 'What to do.', pattern: '(status|switch|release|drill)', default: 'status' },
  program: { description: 'NAME of live/NAME.', pattern: `(${NAME})?`, default: '' },
  source: {
    description: 'For switch: what to put on air.',
    pattern: `((master|backup)/${NAME}|slate)?`,
    default: '',
  },
  until: {
    description: 'For switch: the end of the pin, ms since the epoch.',
    pattern: NUMBER,
    default: '0',
  },
  kind: {
    description: 'For drill: how it seems to die.',
    pattern: '(unpublish|stall)',
    default: 'unpublish',
  },
  durationMs: { description: 'For drill: for how long.', pattern: '[0-9]{1,7}', default: '10000' },
  by: { description: 'Who asks.', pattern: `${WORDS}{1,100}`, default: 'Run Command' },
  reason: { description: 'Why.', pattern: `${WORDS}{0,300}`, default: '' },
  sequence: {
    description: 'Orders commands; a later one has a higher number.',
    pattern: NUMBER,
    default: '0',
  },
  notAfter: {
    description: 'A host that gets it later does nothing, ms since the epoch.',
    pattern: NUMBER,
    default: '0',
  },
  automatic: {
    description: 'yes: it yields to a pin by a person, and to a drill.',
    pattern: '(yes|no)',
    default: 'no',
  },
} as const satisfies Record<string, DocumentParameter>;

export type DocumentParameterName = keyof typeof DOCUMENT_PARAMETERS;
export type DocumentParameters = Partial<Record<DocumentParameterName, string[]>>;

/** The parameters that a command is called with. Words lose what the patterns do not allow. */
export function documentParameters(command: HostCommand): DocumentParameters {
  if (command.action === 'status') return { action: ['status'] };
  const { action, program, by, reason, sequence, notAfter, automatic } = command;
  return {
    action: [action],
    program: [program],
    ...(action === 'switch' ? { source: [command.source], until: [whole(command.until)] } : {}),
    ...(action === 'drill' ? { kind: [command.kind], durationMs: [whole(command.durationMs)] } : {}),
    by: [words(by, 100) || 'nobody'],
    reason: [words(reason, 300)],
    sequence: [whole(sequence)],
    notAfter: [whole(notAfter)],
    automatic: [automatic ? 'yes' : 'no'],
  };
}

function whole(value: number): string {
  return String(Math.round(value));
}

function words(text: string, limit: number): string {
  return text.replaceAll(new RegExp(`(?!${WORDS}).`, 'gsu'), ' ').slice(0, limit);
}
