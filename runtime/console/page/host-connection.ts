import type { HostEvent } from '../../contract/control-api.ts';
import { isOtherRun } from '../model/console-state.ts';
import { isBehind } from '../model/history.ts';
import { ApiError, api, EVENTS_PATH } from './api.ts';
import { browserClock } from './browser-clock.ts';
import type { Store } from './store.ts';

const POLL_MS = 1_000;
const EVENT_TYPES: ReadonlyArray<HostEvent['type']> = ['switch', 'health', 'preflight', 'drill'];

/** Keeps the store up to date: asks for the state every second, and at once when the host tells of something. */
export class HostConnection {
  private readonly store: Store;
  private events: EventSource | null = null;
  private cancelPoll: () => void = () => {};
  private isPolling = false;
  private isPollWanted = false;
  private isStopped = false;

  constructor(store: Store) {
    this.store = store;
  }

  /** Returns the undo. */
  start(): () => void {
    const onVisible = (): void => {
      if (document.visibilityState !== 'visible') return;
      this.pollNow();
      // Timers of a hidden tab run once a minute: the plots have holes.
      void this.loadPast();
    };
    document.addEventListener('visibilitychange', onVisible);
    this.pollNow();
    void this.loadPast();
    return () => {
      this.isStopped = true;
      this.cancelPoll();
      this.events?.close();
      document.removeEventListener('visibilitychange', onVisible);
    };
  }

  /** Asks for the state now; where that is being done, once more afterwards. */
  pollNow(): void {
    this.cancelPoll();
    if (this.isPolling) this.isPollWanted = true;
    else void this.poll();
  }

  private async poll(): Promise<void> {
    this.isPolling = true;
    this.isPollWanted = false;
    const { host, awaySince, history } = this.store.state;
    const asked = browserClock.now();
    try {
      const state = await api.state();
      if (this.isStopped) return;
      this.store.dispatch({ type: 'state', state, at: (asked + browserClock.now()) / 2 });
      if (awaySince !== null || isOtherRun(host, state) || isBehind(history, state.now)) void this.loadPast();
      this.listen();
    } catch (error) {
      this.failed(error);
    }
    this.isPolling = false;
    if (this.isStopped) return;
    if (this.isPollWanted) void this.poll();
    else this.cancelPoll = browserClock.after(POLL_MS, () => void this.poll());
  }

  /** What the host has recorded of the time before now. */
  private async loadPast(): Promise<void> {
    try {
      const [switches, history] = await Promise.all([api.switches(), api.history()]);
      if (this.isStopped) return;
      this.store.dispatch({ type: 'switches', switches });
      this.store.dispatch({ type: 'history', history });
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (this.isStopped) return;
    if (error instanceof ApiError && error.status === 401) {
      this.store.dispatch({ type: 'session', access: 'none' });
    } else this.store.dispatch({ type: 'silence', at: browserClock.now() });
  }

  /** An EventSource comes back by itself, and resumes, unless it was answered with an error. */
  private listen(): void {
    if (this.events !== null && this.events.readyState !== EventSource.CLOSED) return;
    const events = new EventSource(EVENTS_PATH);
    for (const type of EVENT_TYPES) {
      events.addEventListener(type, ({ data }: MessageEvent<string>) => {
        this.store.dispatch({ type: 'event', event: JSON.parse(data) });
        this.pollNow();
      });
    }
    this.events = events;
  }
}
