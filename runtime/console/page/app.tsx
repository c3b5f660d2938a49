import { useCallback, useEffect, useState } from 'preact/hooks';
import { api } from './api.ts';
import { browserClock } from './browser-clock.ts';
import { Console } from './console.tsx';
import { HostConnection } from './host-connection.ts';
import { Login } from './login.tsx';
import { type Store, useConsoleState } from './store.ts';

const SESSION_RETRY_MS = 1_000;

/** The login, or the console; and before the host has said which, that it is asked. */
export function App({ store }: { readonly store: Store }) {
  const state = useConsoleState(store);
  const [connection, setConnection] = useState<HostConnection | null>(null);
  const isIn = state.access === 'read' || state.access === 'full';
  const askForAccess = useCallback(async (): Promise<void> => {
    const { access } = await api.session();
    store.dispatch({ type: 'session', access });
  }, [store]);

  useEffect(() => {
    if (state.access !== null) return;
    const ask = (): void => {
      askForAccess().catch(() => store.dispatch({ type: 'silence', at: browserClock.now() }));
    };
    ask();
    return browserClock.every(SESSION_RETRY_MS, ask);
  }, [state.access, askForAccess, store]);

  useEffect(() => {
    if (!isIn) return;
    const started = new HostConnection(store);
    setConnection(started);
    return started.start();
  }, [isIn, store]);

  if (state.access === 'none') return <Login onLoggedIn={askForAccess} />;
  if (state.host === null || connection === null) {
    return (
      <main class="waiting">
        <h1>Understudy</h1>
        <p role="status">
          {state.awaySince === null
            ? 'Asking the host…'
            : 'The host does not answer. Trying again every second…'}
        </p>
      </main>
    );
  }
  return (
    <Console
      state={state}
      host={state.host}
      refresh={() => connection.pollNow()}
      onLogout={async () => {
        await api.logout();
        await askForAccess();
      }}
    />
  );
}
