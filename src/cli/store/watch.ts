import picocolors from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import { KvsClient } from '../../client/client.js';
import { Settings } from '../../config/settings.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { KvsError } from '../../core/errors.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { failureOf } from '../failure.js';
import { dateText } from '../rendering/dates.js';
import { cutTo } from '../rendering/fit.js';
import { terminalColumns } from '../rendering/terminal.js';
import { plain, safeJson, shownKey, visible } from '../rendering/visible.js';
import { WATCH_CALL } from './calls.js';
import { sayNotes, worded } from './context.js';
import type { StoreContext } from './context.js';
import { marksOf, writerOf } from './lines-printer.js';
import type { StoreEvent, WatchKind } from './watch-event.js';

/** `kvs observa`: shows events until it is told to end, also when its server goes away: others know its token. */
export async function watchKeys(context: StoreContext): Promise<ExitCode> {
  const { target, output, format } = context;
  const interest = interestOf(context);
  const ended = new AbortController();
  const stop = (): void => {
    ended.abort();
  };
  const release = context.interrupts(stop);
  const client = target.client ?? (await KvsClient.open(target));
  const watch = new Watch(context, interest);
  try {
    return await watch.run(client, ended.signal);
  } finally {
    release();
    if (target.client === undefined) client.close();
    if (watch.token !== undefined && format !== 'values') {
      output.error(`para continuar daqui, em qualquer servidor: --desde ${watch.token}`);
    }
  }
}

interface Interest {
  readonly what: { readonly chave?: string; readonly prefixo?: string };
  readonly start: { readonly tudo?: true; readonly token?: string };
}

/** @throws KvsError CONFIGURACAO unless one thing is to be watched */
function interestOf({ given, sources }: StoreContext): Interest {
  const settings = new Settings(STORE_OPTIONS.observa, sources);
  const [key, prefix, everything] = [given['CHAVE'], settings.value('prefixo'), settings.value('tudo')];
  const named = [key !== undefined, prefix !== undefined, everything].filter(Boolean).length;
  if (named !== 1) {
    const problem = named === 0 ? 'diga o que observar' : 'diga uma coisa só';
    throw new KvsError('CONFIGURACAO', `observa: ${problem}: CHAVE, --prefixo PREFIXO ou --tudo`);
  }
  if (key === '') throw new KvsError('CONFIGURACAO', 'observa: a chave está vazia; para todas: --tudo');
  const [from, token] = [settings.value('inicio'), settings.value('desde')];
  if (from !== undefined && token !== undefined) {
    throw new KvsError('CONFIGURACAO', 'observa: --desde já diz o início: não junte --inicio');
  }
  return {
    what: { ...(key !== undefined && { chave: key }), ...(prefix !== undefined && { prefixo: prefix }) },
    start: { ...(token !== undefined && { token }), ...(from === 'tudo' && { tudo: true }) },
  };
}

/** One watch, over as many connections as it takes. */
class Watch {
  /** From where to go on; `undefined`: nothing has been told yet. */
  token: string | undefined;
  private isLost = false;
  private isCaughtUp = false;
  private readonly shown: (event: StoreEvent) => string | undefined;

  constructor(
    private readonly context: StoreContext,
    private readonly interest: Interest,
  ) {
    this.shown = formatterOf(context);
  }

  async run(client: KvsClient, signal: AbortSignal): Promise<ExitCode> {
    const { context } = this;
    const course = {
      isEndless: true,
      next: () => this.request(),
      lost: (server: string) => {
        this.sayLost(server);
      },
    };
    const events = client.follow(WATCH_CALL, course, { signal });
    for (;;) {
      const { done, value } = await events.next();
      if (done !== true) {
        await this.take(value);
        continue;
      }
      const { failed } = value;
      if (signal.aborted || failed === undefined) return EXIT.ok;
      const failure = failureOf(value, failed, context.target.timeoutMs);
      context.output.error(worded(failure, context));
      return failure.exit;
    }
  }

  private request(): object {
    const { what, start } = this.interest;
    return { ...what, ...(this.token === undefined ? start : { token: this.token }) };
  }

  private take(event: StoreEvent): Promise<void> | undefined {
    if (this.isLost) {
      this.isLost = false;
      // What begins anew says by itself what is not known.
      const isWhole = event.kind !== 'recomeca';
      sayNotes(this.context, [`observando de novo${isWhole ? '; nada se perdeu' : ''}`]);
    }
    if (event.token !== '') this.token = event.token;
    // Now and then it comes only for its token.
    if (event.kind === 'em-dia' && this.isCaughtUp && this.context.format !== 'json') return undefined;
    if (event.kind === 'em-dia') this.isCaughtUp = true;
    if (event.kind === 'recomeca') this.isCaughtUp = false;
    const text = this.shown(event);
    return text === undefined ? undefined : this.context.output.line(text);
  }

  private sayLost(server: string): void {
    if (this.isLost) return;
    this.isLost = true;
    sayNotes(this.context, [`o servidor em ${server} não atende mais; tentando de novo até que um atenda…`]);
  }
}

/** How one event looks; `undefined`: it is not shown. */
function formatterOf({ format, output }: StoreContext): (event: StoreEvent) => string | undefined {
  if (format === 'json') {
    return ({ kind, line, token }) => safeJson({ tipo: kind, ...line, ...(token !== '' && { token }) });
  }
  if (format === 'values') {
    return ({ kind, line }) =>
      line !== undefined && (kind === 'insere' || kind === 'presente') ? plain(line.valor) : undefined;
  }
  const colors = picocolors.createColors(output.colors);
  return (event) => peopleText(event, colors);
}

const PAINTS: Readonly<Partial<Record<WatchKind, 'green' | 'red' | 'yellow' | 'dim'>>> = {
  insere: 'green',
  remove: 'red',
  expira: 'yellow',
  presente: 'dim',
};

function peopleText({ kind, line }: StoreEvent, colors: Colors): string {
  if (kind === 'em-dia') return colors.dim('— em dia: daqui em diante, cada mudança quando acontece —');
  if (kind === 'recomeca') {
    return colors.yellow(
      '— recomeça: o que houve desde então não se sabe mais; segue tudo o que está gravado agora —',
    );
  }
  if (line === undefined) return kind;
  const paint = colors[PAINTS[kind] ?? 'bold'];
  const hasValue = kind === 'insere' || kind === 'presente';
  const marks = marksOf({ ...line, estavel: false, atual: false }, colors);
  const head = [
    dateText(BigInt(line.ts)),
    paint(kind.padEnd(8)),
    colors.bold(shownKey(line.chave)),
    `versão ${line.versao}`,
    ...(writerOf(line) === '' ? [] : [`de ${visible(writerOf(line))}`]),
    ...(marks === '' ? [] : [marks]),
  ].join('  ');
  if (!hasValue) return head;
  const columns = terminalColumns();
  const value = visible(line.valor);
  // Its own line is short enough to be read at a glance.
  return `${head}  ${columns === undefined ? value : cutTo(value, Math.max(columns - 40, 40))}`;
}
