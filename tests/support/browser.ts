import { spawnSync } from 'node:child_process';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** The name under which pages are served: it stands for this machine, as a name does that somebody else controls. */
export const PAGE_HOST = 'pagina.example';

const ARGUMENTS = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--no-proxy-server'],
  `--host-resolver-rules=MAP ${PAGE_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
  // What some browsers do before a page reaches this machine is not what the ports may rely on.
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
];

/**
 * Whether Chromium is installed. Says so in one line if it is not.
 * @throws Error if it is missing where nothing may be skipped (`CI=true`)
 */
export function chromiumAvailable(): boolean {
  if (binary() !== undefined) return true;
  if (process.env['CI'] === 'true')
    throw new Error('chromium is not installed, and with CI=true nothing is skipped');
  process.stderr.write('SKIPPED: chromium is not installed (Debian: apt-get install chromium)\n');
  return false;
}

/** Starts a real browser without a window. It reaches this machine and nothing else. */
export function startBrowser(): Promise<Browser> {
  const executablePath = binary();
  if (executablePath === undefined) throw new Error('chromium is not installed');
  return chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args: ARGUMENTS });
}

function binary(): string | undefined {
  const { stdout } = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  const path = stdout.trim();
  return path === '' ? undefined : path;
}
