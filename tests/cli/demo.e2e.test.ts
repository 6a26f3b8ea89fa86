import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, root } from '../support/e2e-build.js';

beforeAll(ensureBuilt, 120_000);

/** `kvs demo`, with its standard input in our hands. */
class Demo {
  text = '';
  private readonly waiting = new Set<() => void>();
  readonly child: ChildProcess;
  readonly exit: Promise<number | string>;

  constructor(...words: string[]) {
    this.child = spawn(process.execPath, [join(root, 'bin/kvs'), 'demo', ...words], { stdio: 'pipe' });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.text += text;
        for (const look of this.waiting) look();
      });
    }
    this.exit = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve(code ?? signal ?? '');
      });
    });
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Waits until it has said this so often; @returns the last match */
  says(pattern: RegExp, times = 1): Promise<RegExpMatchArray> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = [...this.text.matchAll(new RegExp(pattern, 'gm'))];
        const last = found.at(times - 1);
        if (last === undefined) return;
        this.waiting.delete(look);
        resolve(last);
      };
      this.waiting.add(look);
      look();
    });
  }

  /** Processes of its servers, as it tells them. */
  get servers(): number[] {
    return [...this.text.matchAll(/processo (\d+)$/gm)].map(([, pid]) => Number(pid));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('kvs demo', () => {
  it('starts servers, cuts, connects, kills and starts them, and ends them all', async () => {
    const demo = new Demo('2');
    await demo.says(/^todos atendem/);
    demo.say('estado');
    await demo.says(/^como n2 vê a frota:[\s\S]*?nenhuma chave/);
    const [first = 0] = demo.servers;
    demo.say('isola n1 1m');
    await demo.says(/^isolado até /);
    await demo.says(/^n1 .* AVISO laboratório: isolado do broker/);
    demo.say('estado');
    await demo.says(/^aviso: isolado do broker de propósito/);
    demo.say('liga 1');
    await demo.says(/^ligado$/);
    await demo.says(/^n1 .* INFO conectado ao broker/, 2);
    demo.say('mata n1');
    await demo.says(/^n1 terminou \(SIGKILL\)/);
    expect(isAlive(first)).toBe(false);
    for (const [line, answer] of [
      ['isola n1', /n1 está parado: inicia n1/],
      ['inicia n2', /n2 já está no ar/],
      ['mata n9', /mata: não há n9; há n1, n2/],
      ['insola n1', /não conheço "insola"; quis dizer isola\?/],
      ['isola n2 sempre', /--por: "sempre" não serve; esperado um tempo/],
    ] as const) {
      demo.say(line);
      await demo.says(answer);
    }
    demo.say('inicia n1');
    await demo.says(/^n1 atende em /, 2);
    demo.say('estado');
    await demo.says(/processo \d+$/, 6);
    demo.say('sai');
    expect(await demo.exit).toBe(0);
    expect(demo.servers.filter(isAlive)).toEqual([]);
  }, 90_000);

  it('leaves nobody behind, whatever ends it', async () => {
    const endings = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const).map(async (signal) => {
      const demo = new Demo('1');
      await demo.says(/^todos atendem/);
      demo.say('estado');
      await demo.says(/processo \d+$/);
      const [server = 0] = demo.servers;
      expect(isAlive(server)).toBe(true);
      demo.child.kill(signal);
      expect(await demo.exit).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 0);
      // After SIGKILL nobody ended it: it noticed by itself.
      await expect.poll(() => isAlive(server), { timeout: 15_000 }).toBe(false);
    });
    await Promise.all(endings);
  }, 90_000);

  it('refuses a number that is none', async () => {
    const demo = new Demo('10');
    expect(await demo.exit).toBe(2);
    expect(demo.text).toBe('kvs: N: "10" não serve; esperado quantos servidores, de 1 a 9\n');
  });
});
