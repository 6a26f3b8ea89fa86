import { bilingual, nounCount, quoted } from './bilingual.js';
import type { BothLanguages } from './bilingual.js';
import type { MessageText } from './message-text.js';
import type { MessageWords, SpokenMessage } from './message-words.js';

const MUTATIONS = 3;
const ENTRIES = 6;

const STATES: Readonly<Record<string, BothLanguages>> = {
  entrando: bilingual('está entrando', 'is joining'),
  servindo: bilingual('atende', 'is serving'),
  entregando: bilingual(
    'está saindo, e ainda entrega o que escreveu',
    'is stopping, and still hands over its writes',
  ),
  saindo: bilingual('saiu', 'has left'),
};

/** What is said of the messages between the servers of a fleet (docs/PROTOCOL.md); `undefined`: of another kind. */
export function fleetMessage(message: SpokenMessage): MessageWords | undefined {
  const { type, text, to, nameOf } = message;
  switch (type) {
    case 'batch': {
      const name = batchName(text);
      const what = mutationsOf([text]);
      return words(name, `publicou ${name.pt}${what.pt}`, `published ${name.en}${what.en}`);
    }
    case 'presence': {
      const state = STATES[text.text('estado') ?? ''] ?? bilingual('está aqui', 'is here');
      return words(
        bilingual('a presença', 'the presence'),
        ...([
          `anunciou que ${state.pt} e o que tem`,
          `announced that it ${state.en}, and what it has`,
        ] as const),
      );
    }
    case 'logRequest': {
      const vector = vectorWords(text, nameOf);
      return words(
        bilingual('o pedido de lotes', 'the request for batches'),
        `pediu a ${to} os lotes que lhe faltam: disse até onde tem (${vector.pt})`,
        `asked ${to} for the batches that it lacks: it said how far it has come (${vector.en})`,
      );
    }
    case 'logReply':
      return logReply(text, to);
    case 'vectorRequest':
      return words(
        bilingual('o pedido de vetor', 'the request for a vector'),
        `perguntou a ${to} onde os vetores dos dois diferem`,
        `asked ${to} where their vectors differ`,
      );
    case 'vectorReply':
      return words(
        bilingual('a resposta com vetor', 'the reply with a vector'),
        `disse a ${to} onde os vetores dos dois diferem`,
        `told ${to} where their vectors differ`,
      );
    case 'stateRequest':
      return text.has('pagina')
        ? words(
            bilingual('o pedido de uma página', 'the request for a page'),
            `pediu a ${to} a página seguinte do estado`,
            `asked ${to} for the next page of the state`,
          )
        : words(
            bilingual('o pedido de estado', 'the request for the state'),
            `pediu a ${to} o estado inteiro, página por página`,
            `asked ${to} for the whole state, page by page`,
          );
    case 'stateReply':
      return stateReply(text, to);
    case 'confirm':
      return words(
        bilingual('a confirmação', 'the confirmation'),
        `confirmou a ${to} que tem tudo dele até ${text.number('seq') ?? '?'}`,
        `confirmed to ${to} that it holds all of it up to ${text.number('seq') ?? '?'}`,
      );
    case 'clockRequest':
      return words(
        bilingual('a pergunta pelo relógio', 'the question for the clock'),
        `perguntou a ${to} que horas são`,
        `asked ${to} for the time`,
      );
    case 'clockReply':
      return words(
        bilingual('a hora do relógio', 'the time of the clock'),
        `disse a ${to} que horas são no seu relógio`,
        `told ${to} the time on its clock`,
      );
    case 'challenge':
      return words(
        bilingual('o desafio', 'the challenge'),
        `pediu a ${to} que mostre que está vivo`,
        `asked ${to} to show that it is alive`,
      );
    case 'answer':
      return words(
        bilingual('a resposta ao desafio', 'the answer to the challenge'),
        `mostrou a ${to} que está vivo`,
        `showed ${to} that it is alive`,
      );
    default:
      return undefined;
  }
}

function logReply(text: MessageText, to: string): MessageWords {
  const name = bilingual('a resposta com lotes', 'the reply with batches');
  if (text.text('resultado') === 'estadoNecessario') {
    return words(
      name,
      `respondeu a ${to} que o seu registro não vai tão longe: é preciso o estado`,
      `answered ${to} that its log does not reach back that far: the state is needed`,
    );
  }
  const batches = text.list('lotes');
  if (batches.length === 0 && !text.isTrue('mais')) {
    return words(
      name,
      `respondeu a ${to} que não tem lotes que lhe faltem`,
      `answered ${to} that it has no batches that it lacks`,
    );
  }
  const count = nounCount(batches.length, ['lote', 'lotes'], ['batch', 'batches']);
  const what = mutationsOf(batches);
  const more = text.isTrue('mais') ? bilingual(', e há mais', ', and there is more') : bilingual('', '');
  return words(
    name,
    `respondeu a ${to} com ${count.pt}${what.pt}${more.pt}`,
    `answered ${to} with ${count.en}${what.en}${more.en}`,
  );
}

function stateReply(text: MessageText, to: string): MessageWords {
  const name = bilingual('a página do estado', 'the page of the state');
  switch (text.text('resultado')) {
    case 'abertura':
      return words(
        bilingual('a abertura do estado', 'the opening of the state'),
        `abriu o seu estado para ${to}: vetor e um hash de cada parte das chaves`,
        `opened its state for ${to}: its vector and a hash of each part of the keys`,
      );
    case 'perdido':
      return words(
        name,
        `respondeu a ${to} que não pode continuar: é preciso recomeçar`,
        `answered ${to} that it cannot go on: it must begin again`,
      );
    default: {
      const keys = nounCount(text.list('chaves').length, ['chave', 'chaves'], ['key', 'keys']);
      const last = text.has('cursor') ? bilingual('', '') : bilingual(' (a última)', ' (the last)');
      return words(
        name,
        `deu a ${to} uma página do estado com ${keys.pt}${last.pt}`,
        `gave ${to} a page of the state with ${keys.en}${last.en}`,
      );
    }
  }
}

function batchName(text: MessageText): BothLanguages {
  const first = text.number('primeiro');
  const count = text.list('mutacoes').length;
  if (first === undefined) return bilingual('um lote', 'a batch');
  const range = count > 1 ? `${first}–${first + count - 1}` : String(first);
  return bilingual(`o lote ${range}`, `batch ${range}`);
}

/** What batches do, in brackets; the first few of it. */
function mutationsOf(batches: readonly MessageText[]): BothLanguages {
  const all = batches.flatMap((batch) => batch.list('mutacoes'));
  if (all.length === 0) return bilingual('', '');
  const told = all.slice(0, MUTATIONS).map(mutationWords);
  const rest = all.length - told.length;
  const more = rest === 0 ? bilingual('', '') : bilingual(`; e mais ${rest}`, `; and ${rest} more`);
  return bilingual(
    ` (${told.map(({ pt }) => pt).join('; ')}${more.pt})`,
    ` (${told.map(({ en }) => en).join('; ')}${more.en})`,
  );
}

function mutationWords(text: MessageText): BothLanguages {
  const key = quoted(text.text('chave'));
  const version = text.number('versao') ?? '?';
  switch (text.text('op')) {
    case 'insere':
      return bilingual(
        `insere ${key} = ${quoted(text.text('valor'))} → versão ${version}`,
        `inserts ${key} = ${quoted(text.text('valor'))} → version ${version}`,
      );
    case 'remove':
      return bilingual(`remove ${key}`, `removes ${key}`);
    case 'removeVersao':
      return bilingual(`remove a versão ${version} de ${key}`, `removes version ${version} of ${key}`);
    case 'descarta':
      return bilingual(`descarta versões passadas de ${key}`, `discards past versions of ${key}`);
    case 'piso':
      return bilingual('sobe um piso', 'raises a floor');
    default:
      return bilingual(`muda ${key}`, `changes ${key}`);
  }
}

function vectorWords(text: MessageText, nameOf: (origin: string) => string): BothLanguages {
  const vector = text.vector('vetor');
  if (vector.length === 0) return bilingual('nada', 'nothing');
  const told = vector
    .slice(0, ENTRIES)
    .map(([origin, seq]) => `${quoted(nameOf(origin))}:${seq}`)
    .join(' ');
  return vector.length > ENTRIES ? bilingual(`${told} …`, `${told} …`) : bilingual(told, told);
}

function words(name: BothLanguages, pt: string, en: string): MessageWords {
  return { name, did: bilingual(pt, en) };
}
