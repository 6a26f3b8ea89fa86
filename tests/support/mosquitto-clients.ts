import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.js';

/** Credentials as the programs take them. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * Whether `mosquitto_pub` and `mosquitto_sub` are installed. Says so in one line if they are not.
 * @throws Error if they are missing where nothing may be skipped (`CI=true`)
 */
export function mosquittoClientsAvailable(): boolean {
  if (spawnSync('mosquitto_pub', ['--help']).error === undefined) return true;
  if (process.env['CI'] === 'true')
    throw new Error('mosquitto_pub is not installed, and with CI=true nothing is skipped');
  process.stderr.write(
    'SKIPPED: mosquitto_pub is not installed (Debian: apt-get install mosquitto-clients)\n',
  );
  return false;
}

/** Runs `mosquitto_pub`; its exit code. */
export function mosquittoPub(
  port: number,
  topic: string,
  payload: string,
  more: readonly string[] = [],
): Promise<number> {
  const args = ['-p', String(port), '-q', '1', '-t', topic, '-m', payload, ...more];
  return new Promise((resolve, reject) => {
    const child = spawn('mosquitto_pub', args, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? -1);
    });
  });
}

/** `mosquitto_sub -v`, and what it has printed. */
export class MosquittoSub {
  readonly lines: string[] = [];

  private constructor(private readonly child: ChildProcess) {}

  /** Starts one and waits until its subscription is in force. */
  static async start(port: number, topic: string, more: readonly string[] = []): Promise<MosquittoSub> {
    const probe = 'portal/prova/assinatura';
    const args = ['-p', String(port), '-q', '1', '-v', '-t', topic, '-t', probe, ...more];
    const child = spawn('mosquitto_sub', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const sub = new MosquittoSub(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      sub.lines.push(line);
    });
    const kill = (): void => {
      child.kill('SIGKILL');
    };
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    await eventually('a subscription', async () => {
      await mosquittoPub(port, probe, 'x', more);
      return sub.lines.length > 0;
    });
    sub.lines.length = 0;
    return sub;
  }

  /** What it has seen on the topics of the portal. */
  get seen(): string[] {
    return this.lines.filter((line) => line.startsWith('portal/admin/'));
  }

  count(line: string): number {
    return this.seen.filter((seen) => seen === line).length;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
