import type { ServerAddress } from '../../../client/link.js';
import { hostPortText } from '../../../core/host-port.js';
import { EXIT } from '../../exit.js';
import type { Failure } from '../../failure.js';
import { CallBroken } from '../case.js';
import type { BoundCase, ConformanceCase } from '../case.js';
import { displayed } from '../expectation.js';
import { conformanceLimits } from '../limits.js';
import type { CheckSettings, Subject } from '../subject.js';
import { MENSAGEM_CASES, MENSAGEM_REPLICA_CASES } from './cases.js';
import { DIALECTS, givenDialect, isUnderstood, readAnswer, requestNamed } from './dialect.js';
import type { Dialect } from './dialect.js';
import { LineConnection } from './line-exchange.js';
import { MensagemTrial } from './trial.js';
import type { MensagemServer } from './trial.js';

/** Looks at servers of the leader system, and finds out how they name the fields. Writes nothing. */
export async function mensagemSubject(settings: CheckSettings): Promise<Subject> {
  const { servers: addresses, prefix: random, timeoutMs, replicaMs, fields } = settings;
  const prefix = `confere-${random}-`;
  const dialects = fields === undefined ? DIALECTS : [givenDialect(fields)];
  const looked = await Promise.all(
    addresses.map((address) => look(address, dialects, `${prefix}nunca`, timeoutMs)),
  );
  const servers = looked.flatMap((one) => ('dialect' in one ? [one] : []));
  const bind = (cases: readonly ConformanceCase<MensagemTrial>[], isReplication: boolean): BoundCase[] =>
    cases.map((one, index) => ({
      ...one,
      isReplication,
      run: (transcript) => {
        const own = `${prefix}${isReplication ? 'r' : ''}${index + 1}-`;
        return one.run(new MensagemTrial({ servers, transcript, prefix: own, timeoutMs, replicaMs }));
      },
    }));
  return {
    servers: servers.map(({ name }) => name),
    unreachable: looked.flatMap((one) => ('failure' in one ? [one] : [])),
    notes: notesOf(servers),
    writes: `chaves que começam com "${prefix}"; este contrato não tem remoção: elas ficam até os servidores terminarem`,
    cases: [...bind(MENSAGEM_CASES, false), ...bind(MENSAGEM_REPLICA_CASES, true)],
    areThere: async () => (await Promise.all(servers.map(({ address }) => isThere(address)))).every(Boolean),
    cleanUp: () => Promise.resolve([]),
    close: () => undefined,
  };
}

const NOT_JSON = 'respondeu algo que não é JSON';

/** Asks for a key that nobody wrote, in one set of names after the other. */
async function look(
  address: ServerAddress,
  dialects: readonly Dialect[],
  key: string,
  timeoutMs: number,
): Promise<MensagemServer | { readonly server: string; readonly failure: Failure }> {
  const name = hostPortText(address.host, address.port);
  let last = '';
  let answered: Dialect | undefined;
  for (const dialect of dialects) {
    // Whoever speaks the names of the contract may be slow; of other names only whether they are understood is asked.
    const isGuess = dialect !== dialects[0];
    const patienceMs = isGuess ? Math.min(timeoutMs, conformanceLimits.promptMs) : timeoutMs;
    let connection: LineConnection | undefined;
    try {
      connection = await LineConnection.open(address, patienceMs);
      connection.send(
        `${JSON.stringify(requestNamed(dialect, { tipo: 'GET', chave: key, timestamp: 0 }))}\n`,
      );
      const { text } = await connection.next();
      const answer = readAnswer(text, dialect);
      if (answer === undefined) last = `${NOT_JSON}: ${displayed(text)}`;
      else if (isUnderstood(answer)) return { address, name, dialect };
      else {
        answered ??= dialect;
        last = `não entendeu um GET: ${displayed(text)}`;
      }
    } catch (error) {
      if (!(error instanceof CallBroken)) throw error;
      if (connection === undefined)
        return unusable(name, EXIT.unavailable, `o servidor em ${name} ${error.came}`);
      last = error.kind === 'silent' ? `não respondeu a um GET: ${error.came}` : error.came;
    } finally {
      connection?.close();
    }
  }
  if (answered !== undefined) return { address, name, dialect: answered };
  const names =
    'diga com --campos como os campos se chamam no seu JSON, se não são tipo, chave, valor e timestamp';
  return unusable(name, EXIT.refused, `o servidor em ${name} não fala Mensagem: ${last}; ${names}`);
}

function unusable(
  server: string,
  exit: Failure['exit'],
  message: string,
): { server: string; failure: Failure } {
  return { server, failure: { code: undefined, exit, message } };
}

async function isThere(address: ServerAddress): Promise<boolean> {
  try {
    (await LineConnection.open(address, conformanceLimits.connectMs)).close();
    return true;
  } catch {
    return false;
  }
}

function notesOf(servers: readonly MensagemServer[]): readonly string[] {
  const [first] = servers;
  if (first === undefined || first.dialect === DIALECTS[0]) return [];
  return [`os campos do JSON dos seus servidores: ${Object.values(first.dialect).join(', ')}`];
}
