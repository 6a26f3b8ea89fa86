import picocolors from 'picocolors';
import { CLIENT_OPTIONS } from '../../config/client-options.js';
import type { RetentionAction } from '../../config/commands.js';
import type { ValuesOf } from '../../config/option.js';
import { RETENTION_OPTIONS } from '../../config/retention-options.js';
import { Settings } from '../../config/settings.js';
import type { Flags } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import { ageText, assertRules, RETENTION_KEY, retentionOf, retentionText } from '../../core/retention.js';
import type { RetentionRule } from '../../core/retention.js';
import { callServers } from '../caller.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { formatOf } from '../format.js';
import type { Format } from '../format.js';
import type { Failure } from '../failure.js';
import { answerOf } from '../operations/answer.js';
import { COUNTED } from '../operations/counted.js';
import type { FoundVersion, KeyOperation, KeyReply } from '../operations/operation.js';
import { sentOf } from '../operations/request.js';
import type { Output } from '../output.js';
import { isYes } from '../removal/consent.js';
import { cell, plain } from '../rendering/visible.js';
import { targetOf } from '../target.js';
import type { Target } from '../target.js';

type RetentionSettings = Settings<ValuesOf<typeof RETENTION_OPTIONS>>;

/** The rules that are stored, with the version in which they are; or why they cannot be had. */
type StoredRules =
  | { readonly failure: Failure }
  | { readonly failure?: undefined; readonly rules: readonly RetentionRule[]; readonly version: bigint };

/** Rules to store in place of those of the version `before`, and what to say once that is done. */
interface Change {
  readonly rules: readonly RetentionRule[];
  readonly before: bigint;
  readonly done: string;
}

/**
 * `kvs retencao`: shows or changes the rules that all servers share. Answers go to standard output, errors to standard
 * error.
 * @param prefix of the rule; empty: every key
 * @throws KvsError CONFIGURACAO
 */
export async function runRetention(
  action: RetentionAction,
  prefix: string | undefined,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<ExitCode> {
  const sources = { flags, env, file: undefined };
  const settings: RetentionSettings = new Settings(RETENTION_OPTIONS, sources);
  const wanted = wantedOf(action, prefix, settings);
  const target = targetOf(new Settings(CLIENT_OPTIONS, sources), output.error);
  const stored = await readRules(target);
  if (stored.failure !== undefined) return failed(stored.failure, output);
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  if (action === 'lista') return show(stored.rules, format, output);
  const others = stored.rules.filter((rule) => rule.prefix !== prefix);
  if (wanted === undefined && others.length === stored.rules.length) {
    output.error(`não há regra gravada para o prefixo ${JSON.stringify(prefix)}`);
    return EXIT.notFound;
  }
  const rules = wanted === undefined ? others : [...others, wanted].sort(byPrefix);
  assertRules(rules);
  if (wanted !== undefined && !settings.value('sim') && !(await consents(wanted, output))) return EXIT.usage;
  const done = `${wanted === undefined ? 'retirada' : 'gravada'} a regra ${ruleName(prefix ?? '')}`;
  const said = format === 'values' ? { ...output, line: () => undefined } : output;
  return writeRules(target, { rules, before: stored.version, done }, said);
}

/** The rule of `define`; `undefined` for other actions. @throws KvsError CONFIGURACAO */
function wantedOf(
  action: RetentionAction,
  prefix: string | undefined,
  settings: RetentionSettings,
): RetentionRule | undefined {
  const [versions, ageMs] = [settings.value('versoes'), settings.value('idade')];
  if (action !== 'lista' && prefix === undefined) {
    const example = action === 'define' ? 'define log/ --versoes 10' : 'retira log/';
    throw misuse(
      `${action}: falta o prefixo, como em: kvs retencao ${example} ('' vale para todas as chaves)`,
    );
  }
  if (action === 'lista' && prefix !== undefined)
    throw misuse('lista mostra todas as regras: tire o prefixo');
  if (action !== 'define') {
    if (versions === undefined && ageMs === undefined) return undefined;
    throw misuse(`--versoes e --idade são de define, não de ${action}`);
  }
  if (versions === undefined && ageMs === undefined)
    throw misuse('define: diga o que fica, com --versoes N, --idade 30d ou ambos');
  return {
    prefix: prefix ?? '',
    ...(versions === undefined ? {} : { versions }),
    ...(ageMs === undefined ? {} : { ageMs }),
  };
}

function misuse(message: string): KvsError {
  return new KvsError('CONFIGURACAO', message);
}

async function consents(rule: RetentionRule, output: Output): Promise<boolean> {
  const of =
    rule.prefix === ''
      ? 'das chaves sem outra regra'
      : `das chaves que começam com ${JSON.stringify(rule.prefix)}`;
  const what = `de agora em diante, ${of} só ficam ${keptText(rule)}: o resto é removido de todos os servidores, e não volta`;
  if (output.ask === undefined) {
    output.error(`${what}. Nada foi gravado; repita com --sim`);
    return false;
  }
  if (isYes(await output.ask(`${what}. Gravar? [s/N] `))) return true;
  output.error('nada foi gravado');
  return false;
}

function keptText({ versions, ageMs }: RetentionRule): string {
  const last =
    versions === undefined ? [] : [versions === 1 ? 'a última versão' : `as últimas ${versions} versões`];
  const young = ageMs === undefined ? [] : [`as de até ${ageText(ageMs)}`];
  return `${[...last, ...young].join(', dessas ')} (a mais nova sempre fica)`;
}

async function readRules(target: Target): Promise<StoredRules> {
  const { found, failure } = await perform(target, COUNTED.consulta, '');
  if (found === undefined) {
    if (failure !== undefined && failure.code !== 'CHAVE_INEXISTENTE') return { failure };
    return { rules: [], version: 0n };
  }
  try {
    return { rules: retentionOf(found.value ?? ''), version: found.version };
  } catch (error) {
    const why = `o que está gravado não serve, e nada é removido enquanto for assim (${KvsError.from(error).message})`;
    const cure = `remova-o antes, no mesmo servidor: kvs cliente -p PORTA -o remove -k '${RETENTION_KEY}' --sim`;
    return { failure: { code: undefined, exit: EXIT.refused, message: `${why}; ${cure}` } };
  }
}

async function writeRules(
  target: Target,
  { rules, before, done }: Change,
  output: Output,
): Promise<ExitCode> {
  const { found, failure } = await perform(target, COUNTED.insere, retentionText(rules));
  if (found === undefined || failure !== undefined)
    return failed(failure ?? { code: undefined, exit: EXIT.refused, message: 'recusado' }, output);
  await output.line(`${done}: ${rulesText(rules)}`);
  if (found.version > before + 1n && before > 0n)
    output.error('alguém gravou outra ao mesmo tempo: confira com kvs retencao lista');
  return EXIT.ok;
}

/** One operation of `kvs cliente` on the stored rules. */
async function perform(
  target: Target,
  operation: KeyOperation,
  value: string,
): Promise<{ readonly found?: FoundVersion | undefined; readonly failure?: Failure | undefined }> {
  const request = { operation, asked: [{ key: RETENTION_KEY, value, version: undefined }] };
  const replies: KeyReply[] = [];
  const { failure, reasons } = await callServers(target, operation.rpc, sentOf(request), (reply) => {
    replies.push(reply);
    return undefined;
  });
  const [reply] = replies;
  const answer = reply && answerOf(request, reply, 0, reasons);
  return { found: answer?.found, failure: failure ?? answer?.refusal };
}

async function show(rules: readonly RetentionRule[], format: Format, output: Output): Promise<ExitCode> {
  if (format === 'values') {
    for (const { prefix, versions, ageMs } of rules) {
      const kept = [versions, ageMs === undefined ? undefined : ageText(ageMs)].filter(
        (one) => one !== undefined,
      );
      await output.line(plain(`${prefix}=${kept.join(',')}`));
    }
    return EXIT.ok;
  }
  if (format === 'json') {
    for (const rule of rules) await output.line(retentionText([rule]).slice(1, -1));
    return EXIT.ok;
  }
  if (rules.length > 0) {
    const { table } = await import('../rendering/table.js');
    const rows = rules.map(({ prefix, versions, ageMs }) => [
      prefix === '' ? '(todas as chaves)' : cell(prefix),
      versions === undefined ? '' : String(versions),
      ageMs === undefined ? '' : ageText(ageMs),
    ]);
    await output.line(table(['prefixo', 'versões', 'idade'], rows, picocolors.createColors(output.colors)));
  }
  await output.line(rulesText(rules));
  return EXIT.ok;
}

function rulesText({ length }: readonly RetentionRule[]): string {
  if (length === 0) return 'nenhuma regra gravada';
  return length === 1 ? '1 regra gravada' : `${length} regras gravadas`;
}

function ruleName(prefix: string): string {
  return prefix === '' ? 'das chaves sem outra regra' : `de ${JSON.stringify(prefix)}`;
}

function failed({ message, exit }: Failure, output: Output): ExitCode {
  output.error(message);
  return exit;
}

function byPrefix(a: RetentionRule, b: RetentionRule): number {
  return a.prefix < b.prefix ? -1 : 1;
}
