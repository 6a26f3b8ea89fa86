import { onlyText, wholeNumber } from '../../config/parse.js';
import { Settings } from '../../config/settings.js';
import { STORE_OPTIONS } from '../../config/store-options.js';
import { ERROR_CODES, KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import { EXIT, exitOf } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { dated } from '../rendering/dates.js';
import { safeJson, shownKey } from '../rendering/visible.js';
import { STORE_CALLS } from './calls.js';
import { askOnce } from './context.js';
import type { StoreContext } from './context.js';
import type { StoreLine } from './store-line.js';
import { valueOfCommand } from './value.js';

const parseExpected = wholeNumber(
  0,
  limits.version,
  `uma versão, de 0 (a chave não existe) a ${limits.version}`,
);
const parseSeconds = wholeNumber(
  0,
  limits.ttlSeconds,
  `um número inteiro de segundos, de 0 (não expira) a ${limits.ttlSeconds}`,
);

/** `kvs insere`. */
export async function insertValue(context: StoreContext): Promise<ExitCode> {
  const { key: chave, sources, given, format, output } = context;
  const settings = new Settings(STORE_OPTIONS.insere, sources);
  const ttl = settings.value('ttl');
  const valor = await valueOfCommand('insere', given['VALOR'], settings.value('arquivo'));
  const pair = { chave, valor, ttl_s: ttl ?? 0 };
  const { reply, exit } = await askOnce(context, STORE_CALLS.put, { pares: [pair] });
  if (reply === undefined) return exit;
  const { version, refusal } = reply;
  if (refusal !== undefined || version < 1) {
    output.error(`recusado: ${refusal?.message ?? 'o servidor não disse por quê'}`);
    const code = ERROR_CODES.find((known) => known === refusal?.code);
    return code === undefined ? EXIT.refused : exitOf(code);
  }
  const expiry = ttl === undefined ? '' : `, que expira em ${ttl} s`;
  await output.line(
    {
      json: () => safeJson({ chave, versao: version }),
      values: () => String(version),
      people: () => `inserida a versão ${version} de ${shownKey(chave)}${expiry}`,
    }[format](),
  );
  return exit;
}

/** `kvs compara`. */
export async function compareValue(context: StoreContext): Promise<ExitCode> {
  const { key: chave, sources, given } = context;
  const settings = new Settings(STORE_OPTIONS.compara, sources);
  const versao = parseExpected(wordOf(given['VERSAO'], 'VERSAO'), 'VERSAO');
  const remove = settings.value('remove');
  const [said, file, ttl] = [given['VALOR'], settings.value('arquivo'), settings.value('ttl')];
  if (remove && (said !== undefined || file !== undefined)) {
    throw new KvsError('CONFIGURACAO', 'compara: com --remove não há valor: tire um dos dois');
  }
  const valor = remove ? '' : await valueOfCommand('compara', said, file);
  const item = { chave, versao, valor, remove, ttl_s: remove ? 0 : (ttl ?? 0) };
  const { reply, exit } = await askOnce(context, STORE_CALLS.compare, item);
  if (reply === undefined) return exit;
  const done = `${remove ? 'removida' : `gravada a versão ${reply.versao} de`} ${shownKey(chave)}`;
  return shown(context, reply, done, exit);
}

/** `kvs expira`. */
export async function renewKey(context: StoreContext): Promise<ExitCode> {
  const { key: chave, given } = context;
  const ttl = parseSeconds(wordOf(given['SEGUNDOS'], 'SEGUNDOS'), 'SEGUNDOS');
  const { reply, exit } = await askOnce(context, STORE_CALLS.renew, { chave, ttl_s: ttl });
  if (reply === undefined) return exit;
  const when = ttl === 0 ? 'não expira' : `expira em ${ttl} s${dated(BigInt(reply.expira))}`;
  return shown(context, reply, `a versão ${reply.versao} de ${shownKey(chave)} ${when}`, exit);
}

function wordOf(text: string | undefined, place: string): string {
  return onlyText({ texts: text === undefined ? [] : [text], place });
}

async function shown(
  { format, output }: StoreContext,
  line: StoreLine,
  done: string,
  exit: ExitCode,
): Promise<ExitCode> {
  await output.line(
    { json: () => safeJson(line), values: () => String(line.versao), people: () => done }[format](),
  );
  return exit;
}
