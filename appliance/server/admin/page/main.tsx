/** The page's entry: asks who is here, then shows what that person may see. */

import './style.css';
import { render } from 'preact';
import { App } from './app.tsx';

const root = document.getElementById('page');
if (root === null) throw new Error('the page has no #page');
render(<App />, root);
