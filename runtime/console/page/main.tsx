import { render } from 'preact';
import { App } from './app.tsx';
import { Store } from './store.ts';

const root = document.getElementById('console');
if (root === null) throw new Error('the page has no place for the console');
render(<App store={new Store()} />, root);
