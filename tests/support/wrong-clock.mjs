// Loaded before a server by `node --import`: its wall clock is ahead by the ms that a file says, as on a machine whose
// clock somebody sets. The monotonic clock and the timers are the machine's.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setInterval } from 'node:timers';

const now = Date.now.bind(Date);
let aheadMs = 0;

function look() {
  aheadMs = Number(readFileSync(process.env.WRONG_CLOCK_FILE, 'utf8'));
}

look();
setInterval(look, 50).unref();
Date.now = () => now() + aheadMs;
