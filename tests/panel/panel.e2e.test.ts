import { afterAll, beforeAll, describe } from 'vitest';
import { chromiumAvailable } from '../support/browser.js';
import { PanelStand } from './stand.js';
import { accessSection } from './sections/access.js';
import { enginesSection } from './sections/engines.js';
import { fleetSection } from './sections/fleet.js';
import { foreignSection } from './sections/foreign.js';
import { keyboardSection } from './sections/keyboard.js';
import { keysSection } from './sections/keys.js';
import { looksSection } from './sections/looks.js';
import { manySection } from './sections/many.js';
import { membersSection } from './sections/members.js';

const WAIT_MS = 180_000;
/** Builds what is not built, and starts all. */
const START_MS = 300_000;

/** The panel in a real browser, on real servers: one browser and the same servers for all of it. */
describe.skipIf(!chromiumAvailable())('the panel in a browser', { timeout: WAIT_MS }, () => {
  let stand: PanelStand;
  beforeAll(async () => {
    stand = await PanelStand.start();
  }, START_MS);
  afterAll(() => stand.stop(), WAIT_MS);

  const open = (): PanelStand => stand;
  fleetSection(open);
  keysSection(open);
  foreignSection(open);
  enginesSection(open);
  accessSection(open);
  manySection(open);
  looksSection(open);
  keyboardSection(open);
  membersSection(open);
});
