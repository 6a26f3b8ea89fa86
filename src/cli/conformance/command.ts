import { randomBytes } from 'node:crypto';
import { isatty } from 'node:tty';
import { Metadata } from '@grpc/grpc-js';
import picocolors from 'picocolors';
import { readBrokerCredentials } from '../../app/broker-credentials.js';
import { clientSecurity } from '../../client/security.js';
import { CLIENT_OPTIONS } from '../../config/client-options.js';
import { CONFORMANCE_OPTIONS, CONTRACTS } from '../../config/conformance-options.js';
import type { ConformanceValues, ContractName } from '../../config/conformance-options.js';
import { variablesOf } from '../../config/option.js';
import type { Option } from '../../config/option.js';
import { Settings } from '../../config/settings.js';
import type { Flags, SettingSources } from '../../config/settings.js';
import { KvsError } from '../../core/errors.js';
import type { BrokerCredentials } from '../../mqtt/broker-url.js';
import { EXIT } from '../exit.js';
import type { ExitCode } from '../exit.js';
import { formatOf } from '../format.js';
import type { Format } from '../format.js';
import type { Output } from '../output.js';
import { isYes } from '../removal/consent.js';
import { terminalColumns } from '../rendering/terminal.js';
import { safeJson } from '../rendering/visible.js';
import { onSignals } from '../store/context.js';
import { targetOf } from '../target.js';
import type { Target } from '../target.js';
import type { BoundCase } from './case.js';
import { outcomeCounts, countsText, verdictJson, verdictTable, verdictText } from './report.js';
import { CheckRunner } from './runner.js';
import type { CheckOutcome } from './runner.js';
import type { CheckSettings, Subject } from './subject.js';

/** Looks at the servers of a contract. Loaded on demand: each contract is a lot of text. */
const SUBJECTS: Readonly<Record<ContractName, (settings: CheckSettings) => Promise<Subject>>> = {
  keyvaluestore: async (settings) => (await import('./keyvalue/contract.js')).keyValueSubject(settings),
  kvstore: async (settings) => (await import('./kvstore/contract.js')).kvStoreSubject(settings),
  portal: async (settings) => (await import('./portal/contract.js')).portalSubject(settings),
  mensagem: async (settings) => (await import('./mensagem/contract.js')).mensagemSubject(settings),
  kvs: async (settings) => (await import('./kvs/contract.js')).kvsSubject(settings),
};

/** Between two words of progress. */
const PROGRESS_MS = 1_000;

/**
 * `kvs confere`: tries what a contract says at somebody's own servers, and explains what is otherwise.
 * @param interrupts registers what ends the check early; returns a function that forgets it
 * @throws KvsError CONFIGURACAO
 */
export async function runConformance(
  flags: Flags,
  env: SettingSources['env'],
  output: Output,
  interrupts: (stop: () => void) => () => void = onSignals,
): Promise<ExitCode> {
  const settings = new Settings(CONFORMANCE_OPTIONS, { flags, env, file: undefined });
  const format = formatOf(settings.value('json'), settings.value('quieto'));
  const contract = settings.value('contrato');
  if (contract === undefined) {
    throw new KvsError('CONFIGURACAO', `diga o que os servidores falam: --contrato ${CONTRACTS.join('|')}`);
  }
  const target = checkedTarget(flags, env);
  const whole = await SUBJECTS[contract](await checkSettings(settings, target, output));
  try {
    const subject = { ...whole, cases: chosenCases(whole.cases, settings.value('caso')) };
    for (const { failure } of subject.unreachable) output.error(failure.message);
    const [first] = subject.unreachable;
    if (subject.servers.length === 0) return first?.failure.exit ?? EXIT.unavailable;
    if (format === 'people') for (const note of subject.notes) output.error(note);
    const refused = await consent(subject, settings.value('sim'), output);
    if (refused !== undefined) return refused;
    return await check(contract, subject, format, output, interrupts);
  } finally {
    await whole.close();
  }
}

async function check(
  contract: ContractName,
  subject: Subject,
  format: Format,
  output: Output,
  interrupts: (stop: () => void) => () => void,
): Promise<ExitCode> {
  const isWatched = format === 'people' && isatty(process.stderr.fd);
  let saidMs = performance.now();
  const runner = new CheckRunner(subject, (done, all, next) => {
    if (!isWatched || performance.now() - saidMs < PROGRESS_MS) return;
    saidMs = performance.now();
    output.error(`${done} de ${all} casos; agora ${next}…`);
  });
  const release = interrupts(() => {
    output.error('interrompido: termino este caso e removo o que escrevi');
    runner.interrupt();
  });
  let outcome: CheckOutcome;
  let left: readonly string[];
  try {
    outcome = await runner.run();
    left = await subject.cleanUp();
  } finally {
    release();
  }
  await report(contract, subject, outcome, left, format, output);
  if (outcome.halt === 'gone' || outcome.halt === 'silent') return EXIT.unavailable;
  const [unreachable] = subject.unreachable;
  if (unreachable !== undefined) return unreachable.failure.exit;
  const isFailed = outcome.verdicts.some((verdict) => verdict.outcome === 'falhou');
  return isFailed || outcome.halt !== undefined ? EXIT.failure : EXIT.ok;
}

async function report(
  contract: ContractName,
  { servers, unreachable }: Subject,
  { verdicts, halt }: CheckOutcome,
  left: readonly string[],
  format: Format,
  output: Output,
): Promise<void> {
  const failed = verdicts.filter(({ outcome }) => outcome === 'falhou');
  if (format === 'values') {
    for (const { id } of failed) await output.line(id);
  } else if (format === 'json') {
    for (const verdict of verdicts) await output.line(verdictJson(contract, verdict));
    await output.line(
      safeJson({
        ...{ contrato: contract, servidores: servers },
        ...(unreachable.length > 0 && { semResposta: unreachable.map(({ server }) => server) }),
        ...{ resumo: outcomeCounts(verdicts), falharam: failed.map(({ id }) => id) },
        ...{ incompleto: halt !== undefined, ficou: left },
      }),
    );
  } else {
    const colors = picocolors.createColors(output.colors);
    for (const verdict of verdicts) {
      if (verdict.outcome !== 'falhou' && verdict.outcome !== 'aviso') continue;
      await output.line(`${verdictText(verdict, colors, terminalColumns())}\n`);
    }
    await output.line(verdictTable(verdicts, colors, terminalColumns()));
    await output.line(`${contract} em ${servers.join(', ')}: ${countsText(verdicts)}`);
  }
  for (const text of left) output.error(`ficou algo escrito: ${text}`);
  if (halt === 'gone') output.error('um servidor deixou de responder: o relatório está incompleto');
  if (halt === 'silent') output.error('o servidor deixou de responder a tempo: o relatório está incompleto');
}

/** The cases of `--caso`; all if it names none. @throws KvsError CONFIGURACAO if one does not exist */
function chosenCases(cases: readonly BoundCase[], names: readonly string[]): readonly BoundCase[] {
  const unknown = names.find((name) => cases.every(({ id }) => id !== name));
  if (unknown !== undefined && cases.length > 0) {
    const known = cases.map(({ id }) => id).join(', ');
    throw new KvsError('CONFIGURACAO', `--caso: "${unknown}" não é um caso deste contrato; são: ${known}`);
  }
  return names.length === 0 ? cases : cases.filter(({ id }) => names.includes(id));
}

/** Asks before anything is written. @returns the exit code if nothing may be */
async function consent(
  { servers, writes }: Subject,
  isAgreed: boolean,
  output: Output,
): Promise<ExitCode | undefined> {
  if (isAgreed) return undefined;
  const text = `isto escreve em ${servers.join(', ')}: ${writes}`;
  if (output.ask === undefined) {
    output.error(`${text}; nada foi escrito; repita com --sim para conferir`);
    return EXIT.usage;
  }
  if (isYes(await output.ask(`${text}. Conferir? [s/N] `))) return undefined;
  output.error('nada foi escrito');
  return EXIT.failure;
}

/** The servers of the command line alone: a variable may be meant for others. @throws KvsError CONFIGURACAO */
function checkedTarget(flags: Flags, env: SettingSources['env']): Target {
  const { porta, endereco = '127.0.0.1' } = flags;
  if (porta === undefined && !/:\d+$/.test(String(endereco))) {
    throw new KvsError('CONFIGURACAO', 'diga com --porta a porta do seu servidor, ou várias: 9000,9001');
  }
  const others = Object.entries<Option>(CLIENT_OPTIONS).filter(([name]) =>
    /^(tls|credencial|token)/.test(name),
  );
  const known = new Set(others.flatMap(([name, option]) => variablesOf(name, option)));
  const secrets = Object.fromEntries(Object.entries(env).filter(([name]) => known.has(name)));
  return targetOf(
    new Settings(CLIENT_OPTIONS, { flags: { ...flags, endereco }, env: secrets, file: undefined }),
  );
}

async function checkSettings(
  settings: Settings<ConformanceValues>,
  { servers, token, tls, assertServer }: Target,
  output: Output,
): Promise<CheckSettings> {
  for (const server of servers) assertServer?.(server);
  const metadata = new Metadata();
  if (typeof token === 'string') metadata.set('authorization', `Bearer ${token}`);
  return {
    ...{ servers, metadata, security: await clientSecurity(tls) },
    timeoutMs: settings.value('prazo'),
    replicaMs: settings.value('prazo-replica'),
    minimumChars: settings.value('minimo'),
    broker: settings.value('broker'),
    brokerCredentials: await brokerCredentials(settings, output),
    fields: settings.value('campos'),
    prefix: randomBytes(4).toString('hex'),
  };
}

/** User and password for the broker, which nobody sees on the command line. @throws KvsError CONFIGURACAO */
async function brokerCredentials(
  settings: Settings<ConformanceValues>,
  output: Output,
): Promise<BrokerCredentials | undefined> {
  const file = settings.value('broker-credenciais');
  if (file === undefined) return undefined;
  if (settings.value('broker') === undefined) {
    throw new KvsError('CONFIGURACAO', '--broker-credenciais é do broker: diga também --broker');
  }
  return readBrokerCredentials(file, () => {
    output.error(`outros usuários alcançam ${file}, que tem a senha do broker; use chmod 600`);
  });
}
