import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorAnswer } from '../contract/control-api.ts';
import type { EventLog, NumberedEvent } from './event-log.ts';

/** A stream that is not read is cut off: it can resume. */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** An operator's browser has one for each of its pages. */
const MAX_STREAMS = 100;
const RETRY_AFTER_S = '5';

/** The events of a host as server-sent events (HTML, 9.2). */
export class EventStreams {
  private readonly events: EventLog;
  private count = 0;

  constructor(events: EventLog) {
    this.events = events;
  }

  /** `Last-Event-ID` resumes; without it the stream begins with what comes next. */
  open(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (this.count >= MAX_STREAMS) {
      const error = `this host has ${MAX_STREAMS} event streams, and no more`;
      return reply
        .code(503)
        .header('retry-after', RETRY_AFTER_S)
        .send({ error } satisfies ErrorAnswer);
    }
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': events\n\n');
    const send = ({ id, event }: NumberedEvent): void => {
      if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
      else response.write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    };
    const lastId = Number(request.headers['last-event-id'] ?? Number.NaN);
    if (Number.isFinite(lastId)) for (const event of this.events.after(lastId)) send(event);
    const stop = this.events.subscribe(send);
    this.count += 1;
    response.on('error', stop);
    response.once('close', () => {
      this.count -= 1;
      stop();
    });
    return reply;
  }
}
