import type { Interface } from 'node:readline';
import { parseCommandLine } from '../arguments.js';
import type { SettingSources } from '../../config/settings.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { KvsError } from '../../core/errors.js';
import { EXIT, exitOf } from '../exit.js';
import type { ExitCode } from '../exit.js';
import type { Output } from '../output.js';
import { terminalColumns } from '../rendering/terminal.js';
import { visible } from '../rendering/visible.js';
import { runStore } from '../store/command.js';
import type { StoreRequest } from '../store/request.js';
import { nearest } from '../suggest.js';
import type { Target } from '../target.js';
import { COMMANDS } from '../../config/commands.js';
import type { StoreName } from '../../config/commands.js';
import { STANDARD_STREAM } from '../words.js';
import { SHELL_WORDS } from './completer.js';
import { isLent } from './lent-options.js';
import type { LineHistory } from './line-history.js';
import { lineWords } from './line-words.js';

const STORE_NAMES = Object.keys(STORE_OPTIONS) as StoreName[];
const NAMES: readonly string[] = [...STORE_NAMES, ...SHELL_WORDS];

/** The lines of a shell, run one after the other. */
export class ShellLines {
  /** Ends the command under way, if it can be. */
  private stop: (() => void) | undefined;
  private isBusy = false;
  private isOver = false;
  private exit: ExitCode = EXIT.ok;

  constructor(
    private readonly target: Target,
    private readonly env: SettingSources['env'],
    private readonly output: Output,
    private readonly reader: Interface,
    private readonly history: LineHistory | undefined,
  ) {}

  /** @returns how the first line that failed ended */
  async run(isTerminal: boolean): Promise<ExitCode> {
    const { reader } = this;
    const end = (): void => {
      this.isOver = true;
      this.stop?.();
      reader.close();
    };
    const signals = ['SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.once(signal, end);
    if (isTerminal) {
      reader.on('SIGINT', () => {
        this.interrupt();
      });
      reader.prompt();
    }
    for await (const line of reader) {
      await this.take(line);
      if (this.isOver) break;
      if (isTerminal) reader.prompt();
    }
    for (const signal of signals) process.off(signal, end);
    // After Ctrl-D the next prompt of the shell around it would stand on the same line.
    if (isTerminal && !this.isOver) await this.output.line('');
    return this.exit;
  }

  /** Ctrl-C: ends what runs, or drops the line. */
  private interrupt(): void {
    if (this.stop !== undefined) {
      this.stop();
      return;
    }
    if (this.isBusy) {
      this.output.error('esperando o servidor responder…');
      return;
    }
    const isEmpty = this.reader.line === '';
    process.stdout.write(isEmpty ? '\n(Ctrl-D ou "sai" termina)\n' : '^C\n');
    // As if everything had been erased.
    this.reader.write(null, { ctrl: true, name: 'e' });
    this.reader.write(null, { ctrl: true, name: 'u' });
    this.reader.prompt();
  }

  private async take(line: string): Promise<void> {
    this.history?.add(line);
    this.isBusy = true;
    try {
      const exit = await this.runLine(line);
      if (this.exit === EXIT.ok) this.exit = exit;
    } catch (thrown) {
      const error = KvsError.from(thrown);
      this.output.error(error.message.replace(/ \(veja: kvs (\S+) --help\)$/, ' (veja: ajuda $1)'));
      if (this.exit === EXIT.ok) this.exit = exitOf(error.code);
    } finally {
      this.isBusy = false;
    }
  }

  private async runLine(line: string): Promise<ExitCode> {
    const [first, ...others] = lineWords(line);
    if (first === undefined || first.startsWith('#')) return EXIT.ok;
    if (first === 'kvs' && others.length > 0) return this.runWords(others);
    return this.runWords([first, ...others]);
  }

  private async runWords(words: readonly string[]): Promise<ExitCode> {
    const [name = '', topic] = words;
    if (['sai', 'exit', 'quit', 'sair'].includes(name)) {
      this.isOver = true;
      return EXIT.ok;
    }
    if (name === 'ajuda' || name === 'help' || name === '?') return this.help(topic);
    if (!STORE_NAMES.some((known) => known === name)) {
      const meant = nearest(name, NAMES);
      const hint = meant === undefined ? '; "ajuda" diz quais há' : `; quis dizer ${meant}?`;
      throw new KvsError('CONFIGURACAO', `não conheço o comando "${name}"${hint}`);
    }
    const command = parseCommandLine(words, undefined, terminalColumns());
    if (command.kind === 'text') {
      await this.output.line(command.text);
      return EXIT.ok;
    }
    if (command.kind !== 'store') throw new Error(`not on the store: ${name}`);
    assertOwn(command);
    const interrupts = (stop: () => void): (() => void) => {
      this.stop = stop;
      return () => {
        this.stop = undefined;
      };
    };
    return runStore(command, this.env, this.ownOutput(), { target: this.target, interrupts });
  }

  /** Questions come through the reader of the lines: there is only one at a terminal. */
  private ownOutput(): Output {
    const { output, reader } = this;
    if (output.ask === undefined) return output;
    const ask = (question: string): Promise<string> =>
      new Promise((resolve) => {
        this.stop = () => {
          this.stop = undefined;
          process.stdout.write('\n');
          resolve('');
        };
        reader.question(visible(question), (answer) => {
          this.stop = undefined;
          resolve(answer);
        });
      });
    return { ...output, ask };
  }

  private async help(topic: string | undefined): Promise<ExitCode> {
    if (topic !== undefined && STORE_NAMES.some((known) => known === topic)) {
      return this.runWords([topic, '--help']);
    }
    const widest = Math.max(...STORE_NAMES.map(({ length }) => length));
    for (const name of STORE_NAMES)
      await this.output.line(`${name.padEnd(widest + 2)}${COMMANDS[name].about}`);
    await this.output.line(`${'ajuda'.padEnd(widest + 2)}Isto; "ajuda lista" explica um comando`);
    await this.output.line(`${'sai'.padEnd(widest + 2)}Termina`);
    await this.output.line(
      'Valores com espaços vão entre aspas. Uma linha que começa com espaço não fica guardada.',
    );
    return EXIT.ok;
  }
}

/** @throws KvsError CONFIGURACAO for what belongs to the shell, or cannot be read within it */
function assertOwn({ name, given, flags }: StoreRequest): void {
  const lent = Object.keys(flags).find(isLent);
  if (lent !== undefined) {
    throw new KvsError(
      'CONFIGURACAO',
      `${name}: --${lent} é do shell inteiro: diga ao abri-lo, como em kvs shell --${lent} …`,
    );
  }
  if (given['VALOR'] === STANDARD_STREAM || flags['arquivo'] === STANDARD_STREAM) {
    throw new KvsError(
      'CONFIGURACAO',
      `${name}: no shell a entrada padrão é o teclado: use --arquivo ARQUIVO (o valor "-" é -- -)`,
    );
  }
}
