import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, api } from './api.ts';
import { usePreference } from './preferences.ts';

/** Asks for the token. What it is stays in the form: the host answers with a cookie that scripts cannot read. */
export function Login({ onLoggedIn }: { readonly onLoggedIn: () => Promise<void> }) {
  const [problem, setProblem] = useState('');
  const [, setIsLoggedIn] = usePreference('loggedIn', 'no');
  const [isBusy, setIsBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Log in · Understudy';
    field.current?.focus();
  }, []);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setIsBusy(true);
    setProblem('');
    try {
      await api.login(field.current?.value ?? '');
      setIsLoggedIn('yes');
      await onLoggedIn();
    } catch (error) {
      setProblem(describe(error));
      setIsBusy(false);
      field.current?.select();
    }
  };

  return (
    <main class="login">
      <form onSubmit={submit} aria-labelledby="login-title">
        <h1 id="login-title">Understudy console</h1>
        <label for="token">Token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={problem !== ''}
          aria-describedby="login-problem"
        />
        <p id="login-problem" class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="button button-primary" disabled={isBusy}>
          {isBusy ? 'Logging in…' : 'Log in'}
        </button>
      </form>
    </main>
  );
}

function describe(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The host does not answer. Try again.';
  if (error.status === 429) {
    return `Too many attempts. Try again ${error.retryAfterS === null ? 'later' : `in ${error.retryAfterS} s`}.`;
  }
  return error.status === 403 ? 'That is not the token.' : error.message;
}
