import { render } from 'preact';
import { startFeed } from './feed/feed.js';
import { followAddress } from './route.js';
import { App } from './shell/app.js';
import './styles/base.css';
import './styles/panel.css';
import './styles/fleet.css';
import './styles/keys.css';

followAddress();
startFeed();
const whole = document.getElementById('app');
if (whole !== null) render(<App />, whole);
