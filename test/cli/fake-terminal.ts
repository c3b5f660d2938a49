import type { Terminal } from '../../runtime/cli/terminal.ts';

/** Keeps what a command writes. */
export class FakeTerminal implements Terminal {
  readonly isInteractive = false;
  readonly lines: string[] = [];
  readonly statuses: string[] = [];
  readonly errors: string[] = [];

  line(text: string): void {
    this.lines.push(text);
  }

  status(text: string): void {
    this.statuses.push(text);
  }

  error(text: string): void {
    this.errors.push(text);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  get errorText(): string {
    return this.errors.join('\n');
  }
}
