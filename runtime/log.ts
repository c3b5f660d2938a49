import { type Logger, pino } from 'pino';

/** Fields that stand in the text already, or that only machines want. */
const HIDDEN_FIELDS = new Set(['level', 'time', 'msg', 'event']);

/** The host's log, and its end. */
export interface Log {
  readonly logger: Logger;
  /** Resolves when all that was logged is written. A process that exits before that may write its last lines in another order. */
  written(): Promise<void>;
}

/** One JSON object a line, or text for people. Nothing that is logged holds a key. `fd`: where JSON goes; by default, stdout. */
export function createLog(format: 'json' | 'text', level: string, fd: number = process.stdout.fd): Log {
  const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
  if (format === 'json') {
    // Whoever reads it slowly does not hold up the host.
    const destination = pino.destination({ fd, sync: false });
    const written = (): Promise<void> =>
      new Promise((resolve) => {
        destination.once('drain', () => resolve());
        destination.write('');
      });
    return { logger: pino(options, destination), written };
  }
  const write = (line: string): void => {
    process.stdout.write(`${describeLine(JSON.parse(line) as Record<string, unknown>)}\n`);
  };
  return { logger: pino(options, { write }), written: () => Promise.resolve() };
}

const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** One line of the log for people. */
export function describeLine(line: Record<string, unknown>): string {
  const time = typeof line.time === 'number' ? clockTime.format(line.time) : '';
  const mark = line.level === 'info' || line.level === 'debug' ? '' : `${String(line.level).toUpperCase()} `;
  return `${time}  ${mark}${describeEvent(line)}`;
}

function describeEvent(line: Record<string, unknown>): string {
  const text = (name: string): string => String(line[name] ?? '');
  switch (line.event) {
    case 'publish':
      return `${text('input')} is published by ${text('address')}${line.tookOverFrom ? `, took over from ${text('tookOverFrom')}` : ''}`;
    case 'unpublish':
      return `${text('input')} is no longer published by ${text('address')}: ${text('reason')}`;
    case 'health':
      return `${text('input')} ${text('health')}${line.detail ? ` (${text('detail')})` : ''}`;
    case 'switch':
      return describeSwitch(line);
    case 'relay': {
      const way = line.kind === 'push' ? 'to' : 'from';
      const why = line.detail ? ` (${text('detail')})` : '';
      return `${text('input')} ${way} host ${text('host')}: ${text('state')}${why}`;
    }
    case 'preflight': {
      const warnings = line.warnings as readonly string[];
      return warnings.length === 0
        ? `live/${text('program')}: master and backup match now`
        : `live/${text('program')}: ${warnings.join('; ')}`;
    }
    case 'camera':
      return describeCamera(line);
    case 'refused':
      return `refused ${text('what')} from ${text('address')}: ${text('msg')}${line.times === undefined ? '' : ` (${text('times')} times)`}`;
    default: {
      const fields = Object.entries(line).filter(([name]) => !HIDDEN_FIELDS.has(name));
      return [
        text('msg'),
        ...fields.map(
          ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
        ),
      ].join(' ');
    }
  }
}

function describeCamera({ input, msg, pid, exitCode, signal, againInMs }: Record<string, unknown>): string {
  const text = `${input} camera: ${msg}`;
  if (againInMs !== undefined) {
    return `${text} with ${signal ?? `exit status ${exitCode}`}; again in ${againInMs} ms`;
  }
  return pid === undefined ? text : `${text}, process ${pid}`;
}

function describeSwitch(line: Record<string, unknown>): string {
  const hole = line.holeMs as { video: number | null; audio: number | null };
  const why = [line.cause, line.detail, line.by && `by ${line.by}`].filter(Boolean).join(', ');
  return (
    `live/${line.program}: ${line.from ?? 'nothing'} ▸ ${line.to ?? 'nothing'} (${why}); ` +
    `hole ${hole.video ?? '-'}/${hole.audio ?? '-'} ms, gap ${line.gapMs ?? '-'} ms, ${line.viewers} viewers carried over`
  );
}
