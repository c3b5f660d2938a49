import { useEffect, useState } from 'preact/hooks';
import { type ConsoleAction, type ConsoleState, reduce, START } from '../model/console-state.ts';

/** Holds what the page knows; what changes it is in `model/console-state.ts`. */
export class Store {
  state: ConsoleState = START;
  private readonly listeners = new Set<() => void>();

  dispatch(action: ConsoleAction): void {
    const next = reduce(this.state, action);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export function useConsoleState(store: Store): ConsoleState {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}
