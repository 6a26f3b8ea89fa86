import { clearLine, createInterface, cursorTo } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Colors } from 'picocolors/types.js';
import { KvsError } from '../../core/errors.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { runLaboratory } from '../laboratory/command.js';
import { cliLimits } from '../limits.js';
import type { Output } from '../output.js';
import { runStore } from '../store/command.js';
import { nearest } from '../suggest.js';
import { supervisorLimits } from '../../supervisor/limits.js';
import { ServerProcess } from '../../supervisor/server-process.js';
import type { ServerPlace } from '../../supervisor/server-process.js';
import { logText } from './log-line.js';

const WORDS = ['ajuda', 'estado', 'isola', 'liga', 'mata', 'inicia', 'sai'] as const;

const HELP: readonly (readonly [line: string, what: string])[] = [
  ['isola n2 [30s]', 'corta n2 do broker: segue atendendo, sem ver os outros (10m)'],
  ['liga n2', 'liga-o de volta'],
  ['mata n1', 'mata o processo de n1, como numa queda de luz'],
  ['inicia n1', 'inicia-o de novo, vazio: recebe dos outros o que eles têm'],
  ['estado', 'como estão, e onde atendem'],
  ['sai', 'termina todos; Ctrl-C e Ctrl-D também'],
];

type Paint = 'cyan' | 'magenta' | 'green' | 'yellow' | 'blue';
const PAINTS: readonly Paint[] = ['cyan', 'magenta', 'green', 'yellow', 'blue'];

/** The terminal of a demonstration: what its servers say, and what the person there wants of them. */
export class DemoConsole {
  private readonly servers: readonly ServerProcess[];
  private readonly isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  private reader: Interface | undefined;
  private isEnding = false;
  private ready = 0;

  constructor(
    places: readonly ServerPlace[],
    private readonly output: Output,
    private readonly colors: Colors,
  ) {
    this.servers = places.map((place, at) => this.serverAt(place, at));
  }

  /** @returns once all servers have ended */
  async run(): Promise<ExitCode> {
    let isHeard = false;
    const over = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, () => {
          if (this.isEnding) this.killAll();
          resolve();
        });
      }
      const reader = createInterface({
        input: process.stdin,
        output: this.isTerminal ? process.stdout : undefined,
        terminal: this.isTerminal,
        prompt: 'demo> ',
        historySize: cliLimits.historyLines,
        completer: (line: string): [string[], string] => [this.beginning(line), line],
      });
      this.reader = reader;
      let turn = Promise.resolve();
      reader.on('line', (line) => {
        isHeard = true;
        turn = turn.then(async () => {
          if (await this.take(line)) resolve();
          else this.prompt();
        });
      });
      reader.on('SIGINT', () => {
        process.kill(process.pid, 'SIGINT');
      });
      reader.on('close', () => {
        // Without a terminal and without a line, as in the background, it goes on until a signal ends it.
        if (this.isTerminal || isHeard) turn = turn.then(resolve);
      });
    });
    // However this process ends, as far as it can do anything then.
    process.on('exit', () => {
      this.killAll();
    });
    for (const server of this.servers) server.start();
    await over;
    return this.endAll();
  }

  private serverAt(place: ServerPlace, at: number): ServerProcess {
    const paint = this.colors[PAINTS[at % PAINTS.length] ?? 'cyan'];
    const tell = (text: string): void => {
      this.say(`${paint(place.name)} ${text}`);
    };
    return new ServerProcess(place, {
      onLog: (line) => {
        tell(logText(line, this.colors));
      },
      onReady: () => {
        tell(this.colors.bold(`atende em 127.0.0.1:${place.port}`));
        if (++this.ready === this.servers.length) this.welcome();
      },
      onEnd: (how) => {
        tell(this.colors.bold(`terminou (${how})`));
      },
    });
  }

  private welcome(): void {
    const ports = this.servers.map(({ place }) => place.port).join(',');
    this.say(`todos atendem; "ajuda" diz o que dá para fazer; em outro terminal: kvs shell -p ${ports}`);
  }

  /** A line of output, above what is being typed. */
  private say(text: string): void {
    const { reader } = this;
    if (!this.isTerminal || reader === undefined || this.isEnding) {
      void this.output.line(text);
      return;
    }
    clearLine(process.stdout, 0);
    cursorTo(process.stdout, 0);
    void this.output.line(text);
    reader.prompt(true);
  }

  private prompt(): void {
    if (this.isTerminal && !this.isEnding) this.reader?.prompt();
  }

  private beginning(line: string): string[] {
    const names = this.servers.map(({ place }) => place.name);
    const [, word = ''] = /^\s*(\w+)\s+\w*$/.exec(line) ?? [];
    const takesName = ['isola', 'liga', 'mata', 'inicia'].includes(word);
    const all = takesName ? names.map((name) => `${word} ${name}`) : WORDS.map((known) => `${known} `);
    return all.filter((text) => text.startsWith(line.trimStart()));
  }

  /** @returns whether that was all */
  private async take(line: string): Promise<boolean> {
    const [word = '', name, time, ...rest] = line.trim().split(/\s+/);
    if (word === '' || word.startsWith('#')) return false;
    try {
      if (rest.length > 0) throw wrong(`"${rest.join(' ')}" sobrou`);
      switch (word) {
        case 'sai':
        case 'exit':
        case 'quit':
          return true;
        case 'ajuda':
        case 'help':
          for (const [typed, what] of HELP) await this.output.line(`  ${typed.padEnd(16)} ${what}`);
          return false;
        case 'estado':
          await this.status();
          return false;
        case 'isola':
        case 'liga': {
          const porta = String(this.running(word, name).place.port);
          const flags = { porta, ...(time !== undefined && { por: time }) };
          if (word === 'liga' && time !== undefined) throw wrong(`"${time}" sobrou`);
          await runLaboratory(word, flags, {}, this.output);
          return false;
        }
        case 'mata':
          if (time !== undefined) throw wrong(`"${time}" sobrou`);
          await this.running(word, name).end('SIGKILL');
          return false;
        case 'inicia': {
          const server = this.named(word, name);
          if (server.isRunning) throw wrong(`${server.place.name} já está no ar`);
          server.start();
          return false;
        }
        default: {
          const meant = nearest(word, WORDS);
          throw wrong(
            `não conheço "${word}"${meant === undefined ? '; veja ajuda' : `; quis dizer ${meant}?`}`,
          );
        }
      }
    } catch (thrown) {
      this.output.error(KvsError.from(thrown).message);
      return false;
    }
  }

  private named(word: string, name: string | undefined): ServerProcess {
    const names = this.servers.map(({ place }) => place.name).join(', ');
    if (name === undefined) throw wrong(`${word}: diga qual: ${names}`);
    const found = this.servers.find(({ place }) => place.name === name || place.name === `n${name}`);
    if (found === undefined) throw wrong(`${word}: não há ${name}; há ${names}`);
    return found;
  }

  private running(word: string, name: string | undefined): ServerProcess {
    const server = this.named(word, name);
    if (!server.isRunning) throw wrong(`${server.place.name} está parado: inicia ${server.place.name}`);
    return server;
  }

  private async status(): Promise<void> {
    for (const { place, condition, process: pid } of this.servers) {
      const where = `127.0.0.1:${place.port}${pid === undefined ? '' : `, processo ${pid}`}`;
      await this.output.line(`${place.name}: ${condition} em ${where}`);
    }
    for (const { place, isRunning } of this.servers) {
      if (!isRunning) continue;
      await this.output.line(`como ${place.name} vê a frota:`);
      const request = {
        kind: 'store',
        name: 'estado',
        given: {},
        flags: { porta: String(place.port) },
      } as const;
      await runStore(request, {}, this.output);
    }
  }

  private async endAll(): Promise<ExitCode> {
    this.isEnding = true;
    this.reader?.close();
    const running = this.servers.filter(({ isRunning }) => isRunning);
    if (running.length > 0) this.output.error(`terminando ${running.length} servidores…`);
    const forced = setTimeout(() => {
      this.killAll();
    }, supervisorLimits.endMs);
    await Promise.all(running.map((server) => server.end('SIGTERM')));
    clearTimeout(forced);
    return EXIT.ok;
  }

  private killAll(): void {
    for (const server of this.servers) void server.end('SIGKILL');
  }
}

function wrong(message: string): KvsError {
  return new KvsError('CONFIGURACAO', message);
}
