import { effect } from '@preact/signals';
import { render } from 'preact';
import '../styles/base.css';
import './lab.css';
import { say } from '../text.js';
import { LaboratoryPage } from './app.js';
import { LabModel } from './lab-model.js';
import { linkToken } from './link-token.js';
import { tabSession } from './tab-session.js';

const lab = new LabModel(
  {
    isHidden: () => document.hidden,
    next: (draw) => requestAnimationFrame(draw),
    cancel: (frame) => cancelAnimationFrame(frame),
  },
  tabSession,
);

/**
 * Takes the one-time token out of the address bar, before anything else can see it or keep it, and enters by it.
 * @returns whether there was one
 */
function takeToken(): boolean {
  const token = linkToken(location.hash);
  if (token === undefined) return false;
  history.replaceState(null, '', location.pathname);
  void lab.enter(token);
  return true;
}

if (!takeToken()) lab.resume();
// A link that is opened where the page is open already changes the fragment alone.
addEventListener('hashchange', () => void takeToken());
// A file that misses its place would take the page away, and the session with it.
addEventListener('dragover', (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
});
addEventListener('drop', (event) => event.preventDefault());
effect(() => {
  document.title = say('Laboratório · kvs-frota', 'Laboratory · kvs-frota');
});

const place = document.getElementById('app');
if (place !== null) render(<LaboratoryPage lab={lab} />, place);
