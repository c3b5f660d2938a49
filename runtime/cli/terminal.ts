/** Where a command writes: lines for people, and one status line that is overwritten in place on a terminal. */
export interface Terminal {
  readonly isInteractive: boolean;
  line(text: string): void;
  /** Shows a status that replaces the one before; does nothing where output is no terminal. */
  status(text: string): void;
  error(text: string): void;
}

const CLEAR_LINE = '\r\x1b[2K';

export function createTerminal(out: NodeJS.WriteStream, err: NodeJS.WriteStream): Terminal {
  const isInteractive = out.isTTY === true;
  let hasStatus = false;
  const clear = (): string => {
    const prefix = hasStatus ? CLEAR_LINE : '';
    hasStatus = false;
    return prefix;
  };
  return {
    isInteractive,
    line: (text) => out.write(`${clear()}${text}\n`),
    status: (text) => {
      if (!isInteractive) return;
      out.write(`${CLEAR_LINE}${text.slice(0, (out.columns ?? 80) - 1)}`);
      hasStatus = true;
    },
    error: (text) => {
      if (hasStatus) out.write(clear());
      err.write(`${text}\n`);
    },
  };
}

/** Columns of text, as wide as their widest cell. */
export function table(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
