/**
 * What node-media-server says, which is everything and to `console.log`: addresses with their queries, session by session.
 * None of it is passed on; what tells why a camera gives nothing is kept.
 */

const FAILURES = [
  /^RT[SM]P session \S+ (?:run error|start failed|connection error): (.+)$/,
  /^RTSP session \S+ SETUP (\w+ failed: \d+)$/,
  /^(?:RTSP client socket error|RTSP client connection error): (.+)$/,
];
const CLOSED = /^RT[SM]P session \S+ connection closed/;
const PREFIX = /^\[[^\]]*\] \[[A-Z]+\] /;

/** Why, where a line of its log says so. */
export function failureIn(line: string): string | undefined {
  const message = line.replace(PREFIX, '');
  for (const pattern of FAILURES) {
    const why = pattern.exec(message)?.[1];
    if (why !== undefined) return why;
  }
  return CLOSED.test(message) ? 'the connection ended' : undefined;
}

/**
 * Takes `console.log` for as long as the process lives: it must be called before node-media-server is loaded. This is
 * why a camera has a process of its own. Returns what asks for the first failure since it was last asked.
 */
export function takeServerLog(): () => string | undefined {
  let failure: string | undefined;
  console.log = (line: unknown) => {
    // The first says why; what follows is the consequence.
    failure ??= typeof line === 'string' ? failureIn(line) : undefined;
  };
  return () => {
    const last = failure;
    failure = undefined;
    return last;
  };
}
